"""Request bodies, read with a limit on bytes and time and kept in memory."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.api.errors import describe_validation
from app.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType, UploadTimeout

Model = TypeVar("Model", bound=BaseModel)

MAX_FIELDS = 32
_MULTIPART_OVERHEAD = 1 << 16
MAX_JSON_BYTES = 1 << 16
MAX_TEXT_BYTES = 1 << 20
"""Of a part that is no file."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form, with the name the sender gave it."""

    filename: str | None
    data: bytes


class _InMemoryParser(MultiPartParser):
    """Keeps every part in memory: their sum is limited already, and disks are slow.

    A form that breaks off is an error; Starlette would drop its last part.
    """

    spool_max_size = 1 << 40
    _ended = False

    async def parse(self) -> FormData:
        self.stream = self._to_the_end(self.stream)
        return await super().parse()

    def on_end(self) -> None:
        self._ended = True

    async def _to_the_end(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
        if not self._ended:
            raise MultiPartException("The form breaks off before its last boundary.")


async def read_files(
    request: Request, field: str, *, max_files: int, max_bytes: int, timeout: float
) -> list[SentFile]:
    """The files of a multipart body under one field name, at least one.

    Args:
        max_bytes: for all files together.
        timeout: seconds for the whole body.

    Raises:
        UnsupportedMediaType, InvalidRequest, RequestTooLarge, UploadTimeout
    """
    if not is_multipart(request):
        raise UnsupportedMediaType("Send the picture as multipart/form-data.")
    form = await parse_multipart(request, max_files=max_files, max_bytes=max_bytes, timeout=timeout)
    try:
        uploads = [value for value in form.getlist(field) if isinstance(value, UploadFile)]
        if not uploads:
            raise InvalidRequest(f"The form has no file in the field '{field}'.")
        return [SentFile(upload.filename, await upload.read()) for upload in uploads]
    finally:
        await form.close()


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def parse_multipart(
    request: Request,
    *,
    max_files: int,
    max_bytes: int,
    timeout: float,
    max_text_bytes: int = MAX_TEXT_BYTES,
) -> FormData:
    """A multipart body, which the caller closes.

    Args:
        max_bytes: for all parts together.
        max_text_bytes: for each part that is no file.

    Raises:
        InvalidRequest, RequestTooLarge, UploadTimeout
    """
    parser = _InMemoryParser(
        request.headers,
        _limited(request, max_bytes + _MULTIPART_OVERHEAD),
        max_files=max_files,
        max_fields=MAX_FIELDS,
        max_part_size=max_text_bytes,
    )
    try:
        async with asyncio.timeout(timeout):
            return await parser.parse()
    except TimeoutError as error:
        raise UploadTimeout(f"The body took longer than {timeout:g} seconds.") from error
    except MultiPartException as error:
        raise InvalidRequest(error.message) from error
    except UnicodeError as error:  # charset=undefined and the like
        raise InvalidRequest("The form cannot be decoded in the charset it names.") from error


async def read_file(request: Request, field: str, *, max_bytes: int, timeout: float) -> bytes:
    """The bytes of the one file of a multipart body; arguments and errors as for `read_files`."""
    (file, *_) = await read_files(request, field, max_files=1, max_bytes=max_bytes, timeout=timeout)
    if len(file.data) > max_bytes:
        raise too_large(max_bytes)
    return file.data


def too_large(limit: int) -> RequestTooLarge:
    """For a picture over its limit in bytes; a form has room for more than its files."""
    return RequestTooLarge(f"The picture has more than {limit} bytes.")


async def read_json(request: Request, model: type[Model], *, timeout: float) -> Model:
    """A small JSON body as a model.

    Raises:
        InvalidRequest, RequestTooLarge, UploadTimeout
    """
    body = await read_bytes(request, max_bytes=MAX_JSON_BYTES, timeout=timeout)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(describe_validation(error.errors())) from error


async def read_bytes(request: Request, *, max_bytes: int, timeout: float) -> bytes:
    """The whole body. Raises RequestTooLarge, UploadTimeout."""
    try:
        async with asyncio.timeout(timeout):
            return b"".join([chunk async for chunk in _limited(request, max_bytes)])
    except TimeoutError as error:
        raise UploadTimeout(f"The body took longer than {timeout:g} seconds.") from error


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks, counted as they come, whatever Content-Length says."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise RequestTooLarge(f"The body has more than {max_bytes} bytes.")
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise RequestTooLarge(f"The body has more than {max_bytes} bytes.")
        yield chunk

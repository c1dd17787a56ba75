"""Request bodies, read with a limit on bytes and time and kept in memory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.api.errors import describe_validation
from app.api.transport.multipart import MultipartReader, Part
from app.api.transport.receiving import spool_body
from app.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType, UploadTimeout

Model = TypeVar("Model", bound=BaseModel)

MAX_FIELDS = 32
_MULTIPART_OVERHEAD = 1 << 16
_LENGTH_DIGITS = 20
_UNTOLD = ("", "application/octet-stream")
MAX_JSON_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form, with the name the sender gave it."""

    filename: str | None
    data: bytes


async def read_files(
    request: Request, field: str, *, max_files: int, max_bytes: int, timeout: float
) -> list[SentFile]:
    """The files of a multipart body under one field name, at least one, or a body that is one.

    Args:
        max_bytes: for all files together.
        timeout: seconds for the whole body.

    Raises:
        UnsupportedMediaType, InvalidRequest, RequestTooLarge, UploadTimeout
    """
    if is_multipart(request):
        parts = await read_multipart(
            request, max_files=max_files, max_bytes=max_bytes, timeout=timeout
        )
        files = [SentFile(part.filename, bytes(part.data)) for part in parts if part.name == field]
        if not files:
            raise InvalidRequest(f"The form has no file in the field '{field}'.")
        if len(files) > max_files:
            raise InvalidRequest(f"The form has more than {max_files} files.")
        return files
    if not _may_be_picture(request):
        raise UnsupportedMediaType(
            "Send the picture as multipart/form-data, or as the whole body with its own "
            "Content-Type, such as image/jpeg."
        )
    return [SentFile(None, await read_bytes(request, max_bytes=max_bytes, timeout=timeout))]


def is_multipart(request: Request) -> bool:
    return _media_type(request) == "multipart/form-data"


def _may_be_picture(request: Request) -> bool:
    """Whether the whole body may be one; which kind it says it is of is never believed."""
    media_type = _media_type(request)
    return media_type.startswith("image/") or media_type in _UNTOLD


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_multipart(
    request: Request, *, max_files: int, max_bytes: int, timeout: float
) -> list[Part]:
    """All parts of a multipart body.

    Args:
        max_bytes: for all parts together.

    Raises:
        InvalidRequest, RequestTooLarge, UploadTimeout
    """
    reader = MultipartReader(
        request.headers["content-type"], max_files=max_files, max_parts=max_files + MAX_FIELDS
    )
    async with _in_time(timeout):
        async for chunk in _limited(request, max_bytes + _MULTIPART_OVERHEAD):
            reader.feed(chunk)
    return reader.finish()


async def spool_file(
    request: Request, field: str, file: BinaryIO, *, max_bytes: int, timeout: float
) -> None:
    """Write the one file of a form, or a body that is one, to disk as it comes.

    Raises:
        UnsupportedMediaType, InvalidRequest, RequestTooLarge, UploadTimeout
    """
    reader: MultipartReader | None = None
    if is_multipart(request):
        reader = MultipartReader(
            request.headers["content-type"],
            max_files=1,
            max_parts=1 + MAX_FIELDS,
            spool=(field, file),
        )
    elif not (_media_type(request).startswith("video/") or _media_type(request) in _UNTOLD):
        raise UnsupportedMediaType(
            "Send the video as multipart/form-data, or as the whole body with its own "
            "Content-Type, such as video/mp4."
        )
    spool_body(request.scope)
    async with _in_time(timeout):
        async for chunk in _limited(request, max_bytes + (_MULTIPART_OVERHEAD if reader else 0)):
            if reader is None:
                file.write(chunk)
            else:
                reader.feed(chunk)
    if reader is not None and [part.name for part in reader.finish()].count(field) != 1:
        raise InvalidRequest(f"The form has not one file in the field '{field}'.")
    if file.tell() > max_bytes:
        raise RequestTooLarge(f"The video has more than {max_bytes} bytes.")
    file.flush()


async def read_file(request: Request, field: str, *, max_bytes: int, timeout: float) -> bytes:
    """The bytes of the one file of a body; arguments and errors as for `read_files`."""
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
    body = bytearray()
    async with _in_time(timeout):
        async for chunk in _limited(request, max_bytes):
            body += chunk
    return bytes(body)


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncGenerator[None, None]:
    """Raises UploadTimeout."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise UploadTimeout(f"The body took longer than {seconds:g} seconds.") from error


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks, counted as they come, whatever Content-Length says."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:_LENGTH_DIGITS]) > max_bytes:
        raise RequestTooLarge(f"The body has more than {max_bytes} bytes.")
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise RequestTooLarge(f"The body has more than {max_bytes} bytes.")
        yield chunk

"""Forms in whatever encoding a client of another service sends them."""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile

from app.api.bodies import MAX_FIELDS, SentFile, is_multipart, parse_multipart, read_bytes
from app.errors import InvalidRequest, RequestTooLarge

_MAX_FILES = 4
_DATA_URL = re.compile(r"data:[\w/+.;=-]*,")
_NOT_BASE64 = "The picture is no base64 text."


@dataclass(frozen=True, slots=True)
class Form:
    """What a client filled in: files in their order, and the texts of each field."""

    files: tuple[tuple[str, SentFile], ...]
    texts: Mapping[str, tuple[str, ...]]

    def text(self, field: str) -> str | None:
        """The first text of a field that is not empty."""
        return next((text for text in self.texts.get(field, ()) if text), None)

    def file(self, field: str) -> SentFile | None:
        """The first file of a field that is not empty: browsers send an empty one for none."""
        return next((file for name, file in self.files if name == field and file.data), None)


async def read_form(request: Request, *, max_picture_bytes: int, timeout: float) -> Form:
    """A multipart, URL-encoded or JSON body with at most one picture, as file or as base64 text.

    A body without Content-Type is taken for JSON if it looks like that, else for URL-encoded.

    Raises:
        InvalidRequest, RequestTooLarge, UploadTimeout
    """
    max_text_bytes = max_picture_bytes * 3 // 2  # base64 takes 4/3, its line breaks or escapes more
    if is_multipart(request):
        form = await parse_multipart(
            request,
            max_files=_MAX_FILES,
            max_bytes=max_text_bytes,
            max_text_bytes=max_text_bytes,
            timeout=timeout,
        )
        try:
            parts = form.multi_items()
            files = [
                (name, SentFile(part.filename, await part.read()))
                for name, part in parts
                if isinstance(part, UploadFile)
            ]
            texts = [(name, part) for name, part in parts if isinstance(part, str)]
        finally:
            await form.close()
        for _, file in files:
            _check_size(file.data, max_picture_bytes)
        return Form(tuple(files), _grouped(texts))
    body = await read_bytes(request, max_bytes=max_text_bytes, timeout=timeout)
    return Form((), _grouped(await asyncio.to_thread(_parse_texts, body)))


def _parse_texts(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode()
        if not text.lstrip().startswith("{"):
            return parse_qsl(text, max_num_fields=MAX_FIELDS)
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body is neither a form nor a JSON object.") from error
    return [
        (name, item if isinstance(item, str) else json.dumps(item))
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]


def _grouped(items: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    names = dict(items)
    return {name: tuple(text for key, text in items if key == name) for name in names}


async def picture_in(text: str, *, max_bytes: int) -> bytes:
    """The picture in a text field: base64, a data URL, or the bytes of a file part without a name.

    Raises:
        InvalidRequest, RequestTooLarge
    """
    picture = await asyncio.to_thread(_decode, text)
    _check_size(picture, max_bytes)
    return picture


def _decode(text: str) -> bytes:
    if not text.isascii():
        # What is no text was decoded as Latin-1, so it can be had back.
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError as error:
            raise InvalidRequest(_NOT_BASE64) from error
    start = _DATA_URL.match(text[:128])
    encoded = text[start.end() if start else 0 :]
    # '+' arrives as a space where a client did not escape it in a URL-encoded form.
    standard = encoded.strip().replace(" ", "+").translate(_TO_STANDARD)
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise InvalidRequest(_NOT_BASE64) from error


_TO_STANDARD = str.maketrans({"-": "+", "_": "/", "\r": None, "\n": None})


def _check_size(picture: bytes, limit: int) -> None:
    if len(picture) > limit:
        raise RequestTooLarge(f"The picture has more than {limit} bytes.")

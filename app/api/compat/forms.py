"""Forms in whatever encoding a client of another service sends them."""

import asyncio
import base64
import binascii
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pydantic_core
from fastapi import Request

from app.api.transport.bodies import MAX_FIELDS, is_multipart, read_bytes, read_multipart, too_large
from app.api.transport.multipart import Part
from app.errors import InvalidRequest, RequestTooLarge

_MAX_FILES = 4
_MAX_TEXT_BYTES = 1 << 16
_MAX_JSON_MARKS = 1 << 12
_PIECE = 1 << 18
_DATA_URL = re.compile(rb"data:[\w/+.;=-]*,")
_NOT_BASE64 = "The picture is no base64 text."
_NO_FORM = "The body is neither a form, nor a JSON object, nor a picture."


@dataclass(frozen=True, slots=True)
class Form:
    """What a client filled in, in its order."""

    parts: tuple[Part, ...]

    def text(self, field: str) -> str | None:
        """The first text of a field that is not empty. Raises RequestTooLarge."""
        data = self.long_text(field)
        if data is None:
            return None
        if len(data) > _MAX_TEXT_BYTES:
            raise RequestTooLarge(f"{field} has more than {_MAX_TEXT_BYTES} bytes.")
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def long_text(self, field: str) -> bytes | None:
        """As `text`, undecoded and of any length: a picture in base64."""
        return next(
            (
                bytes(part.data)
                for part in self.parts
                if part.name == field and part.data and not part.is_file
            ),
            None,
        )

    def file(self, *fields: str) -> Part | None:
        """The first file of one of the fields that is not empty: browsers send an empty one."""
        return next(
            (
                part
                for part in self.parts
                if part.name in (None, *fields) and part.data and part.is_file
            ),
            None,
        )

    def any_file(self) -> Part | None:
        """The first file of any field, even an empty one."""
        return next((part for part in self.parts if part.is_file), None)


async def read_form(request: Request, *, max_picture_bytes: int, timeout: float) -> Form:
    """A body with at most a few pictures, as files or as base64 text, or one that is a picture.

    Multipart is known by its Content-Type; anything else by its bytes: a picture, JSON, or
    URL-encoded fields.

    Raises:
        InvalidRequest, RequestTooLarge, UploadTimeout
    """
    max_text_bytes = max_picture_bytes * 3 // 2  # base64 takes 4/3, its line breaks or escapes more
    if is_multipart(request):
        parts = await read_multipart(
            request, max_files=_MAX_FILES, max_bytes=max_text_bytes, timeout=timeout
        )
    else:
        body = await read_bytes(request, max_bytes=max_text_bytes, timeout=timeout)
        parts = await asyncio.to_thread(_parse, body)
    if any(part.is_file and len(part.data) > max_picture_bytes for part in parts):
        raise too_large(max_picture_bytes)
    return Form(tuple(parts))


def _parse(body: bytes) -> list[Part]:
    """A body that is no multipart form. Raises InvalidRequest."""
    if 0 in body:
        return [Part(None, None, bytearray(body))]
    return _json_parts(body) if body.lstrip()[:1] == b"{" else _url_encoded_parts(body)


def _json_parts(body: bytes) -> list[Part]:
    """The members of a JSON object; those of a list are members of its name each.

    Parsing holds the interpreter, so what takes it long is counted first: base64 has none of it
    but an escape for some slashes and line breaks.
    """
    marks = sum(body.count(mark) for mark in (b'"', b",", b"[", b"{"))
    if marks > _MAX_JSON_MARKS or body.count(b"\\") > _MAX_JSON_MARKS + len(body) // 8:
        raise InvalidRequest("The JSON object has too many members.")
    try:
        values = pydantic_core.from_json(body)
    except ValueError as error:
        raise InvalidRequest(_NO_FORM) from error
    parts = [
        Part(name, None, bytearray((item if isinstance(item, str) else json.dumps(item)).encode()))
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]
    if len(parts) > MAX_FIELDS:
        raise InvalidRequest(f"The JSON object has more than {MAX_FIELDS} values.")
    return parts


def _url_encoded_parts(body: bytes) -> list[Part]:
    if body.count(b"&") >= MAX_FIELDS:
        raise InvalidRequest(f"The form has more than {MAX_FIELDS} fields.")
    fields = [field.partition(b"=") for field in body.split(b"&")]
    return [
        Part(_unquoted(name).decode(errors="replace"), None, _unquoted(value))
        for name, separator, value in fields
        if separator
    ]


def _unquoted(text: bytes) -> bytearray:
    """What was percent-encoded, piece by piece: at once it takes many times its size in memory."""
    unquoted, start = bytearray(), 0
    while start < len(text):
        end = start + _PIECE
        escape = text.find(b"%", end - 2, end)  # not to be cut
        end = end if escape < 0 else escape
        unquoted += unquote_to_bytes(text[start:end].replace(b"+", b" "))
        start = end
    return unquoted


async def picture_in(text: bytes, *, max_bytes: int) -> bytes:
    """The picture in a text field: base64, or a data URL with it.

    Raises:
        InvalidRequest, RequestTooLarge
    """
    picture = await asyncio.to_thread(_decode, text)
    if len(picture) > max_bytes:
        raise too_large(max_bytes)
    return picture


def _decode(text: bytes) -> bytes:
    start = _DATA_URL.match(text[:128])
    encoded = text[start.end() if start else 0 :].strip()
    # '+' arrives as a space where a client did not escape it in a URL-encoded form.
    standard = encoded.translate(_TO_STANDARD, b"\r\n")
    standard += b"=" * (-len(standard) % 4)
    try:  # in pieces: each holds the interpreter
        return b"".join(
            base64.b64decode(standard[at : at + _PIECE], validate=True)
            for at in range(0, len(standard), _PIECE)
        )
    except binascii.Error as error:
        raise InvalidRequest(_NOT_BASE64) from error


_TO_STANDARD = bytes.maketrans(b"-_ ", b"+/+")

"""Multipart forms, read part by part into memory."""

from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import unquote

import python_multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from app.errors import InvalidRequest


@dataclass(slots=True)
class Part:
    """One part of a form.

    `filename` is None where the sender gave none. `name` is None for a body that is no form but a
    picture: it stands for whatever field the picture is looked for in.
    """

    name: str | None
    filename: str | None
    data: bytearray = field(default_factory=bytearray)

    @property
    def is_file(self) -> bool:
        """Told by its name, or by its bytes where it has none: text has no zeros, pictures do."""
        return self.name is None or self.filename is not None or 0 in self.data


class MultipartReader:
    """Takes the body of a form in pieces; they are limited by whoever feeds it.

    A file is one with `filename=`, with `filename*=` alone (.NET), or without either (requests,
    microcontrollers).
    """

    def __init__(
        self,
        content_type: str,
        *,
        max_files: int,
        max_parts: int,
        spool: tuple[str, BinaryIO] | None = None,
    ) -> None:
        """`spool`: a field whose data goes into a file, not into memory.

        Raises InvalidRequest where the header names no boundary.
        """
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidRequest("The Content-Type names no boundary.")
        self.parts: list[Part] = []
        self._max_files, self._max_parts = max_files, max_parts
        self._files = 0
        self._spool = spool
        self._header, self._value, self._disposition = b"", b"", b""
        self._ended = False
        try:
            self._parser = python_multipart.MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_part_data": self._add_data,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise InvalidRequest("The boundary of the form is malformed.") from error

    def feed(self, chunk: bytes) -> None:
        """Raises InvalidRequest for a malformed form, or one with too many parts or files."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidRequest("The form is malformed.") from error

    def finish(self) -> list[Part]:
        """All parts. Raises InvalidRequest for a form that breaks off."""
        if not self._ended:
            raise InvalidRequest("The form breaks off before its last boundary.")
        if sum(part.is_file for part in self.parts) > self._max_files:
            raise self._too_many_files()
        return self.parts

    def _begin_part(self) -> None:
        if len(self.parts) == self._max_parts:
            raise InvalidRequest(f"The form has more than {self._max_parts} parts.")
        self._disposition = b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, filename = options.get(b"name"), options.get(b"filename")
        if name is None:
            raise InvalidRequest("A part of the form has no name.")
        part = Part(
            _decoded(name),
            _extended_filename(self._disposition) if filename is None else _decoded(filename),
        )
        self.parts.append(part)
        if part.filename is not None:
            self._files += 1
            if self._files > self._max_files:
                raise self._too_many_files()

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        if self._spool is not None and part.name == self._spool[0]:
            self._spool[1].write(data[start:end])
        else:
            part.data += data[start:end]

    def _end(self) -> None:
        self._ended = True

    def _too_many_files(self) -> InvalidRequest:
        return InvalidRequest(f"The form has more than {self._max_files} files.")


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _extended_filename(disposition: bytes) -> str | None:
    """The name in `filename*=UTF-8''car.jpg` (RFC 5987)."""
    for option in disposition.decode("latin-1").split(";")[1:]:
        key, _, value = option.partition("=")
        if key.strip().lower() == "filename*":
            charset, _, name = value.strip(' \t"').partition("'")
            name = name.partition("'")[2]
            return unquote(name, "latin-1" if charset.lower() == "iso-8859-1" else "utf-8")
    return None

"""TIFF, and EXIF, which is one: a bounded look at the first directory."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import InvalidImage, TooCostly

MAX_ENTRIES = 1000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4} | {
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of one value, by type."""
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_WIDTH, _HEIGHT = 256, 257
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_BYTE_COUNTS = (279, 325)
"""Of strips and of tiles."""
_MOST_BYTES = 16
"""Of a pixel, before it is packed."""
_EMBEDDED = re.compile(rb"II\*\0|II\0\*|MM\0\*|MM\*\0|II\+\0|MM\0\+")
_MOST_EMBEDDED = 100


@dataclass(frozen=True, slots=True)
class TiffHeader:
    width: int
    height: int
    pages: bool
    """Whether there is more than one."""


@dataclass(frozen=True, slots=True)
class _Directory:
    order: str
    big: bool
    start: int
    count: int
    data: memoryview

    @property
    def _entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQQ" if self.big else "HHII"))

    @property
    def next(self) -> int:
        """Offset of the next directory, 0 if there is none or the file ends before it says so."""
        form = struct.Struct(self.order + ("Q" if self.big else "I"))
        position = self.start + self.count * self._entry.size
        if position + form.size > len(self.data):
            return 0
        return int(form.unpack_from(self.data, position)[0])

    def entries(self) -> Iterator[tuple[int, int, int, int]]:
        """Tag, type, number of values, and where they lie, as far as the file goes."""
        room = 8 if self.big else 4
        for number in range(self.count):
            position = self.start + number * self._entry.size
            if position + self._entry.size > len(self.data):
                return
            tag, kind, count, value = self._entry.unpack_from(self.data, position)
            inside = count * _SIZES.get(kind, 1) <= room
            yield tag, kind, count, position + self._entry.size - room if inside else value

    def integers(self, kind: int, count: int, at: int) -> tuple[int, ...]:
        letter = _INTEGERS.get(kind)
        if letter is None or at >= len(self.data):
            return ()
        there = (len(self.data) - at) // struct.calcsize("=" + letter)
        return struct.unpack_from(f"{self.order}{min(count, there)}{letter}", self.data, at)


def read_tiff_header(data: bytes, *, max_pixels: int) -> TiffHeader:
    """Look at the first page.

    Raises:
        InvalidImage: there is no such directory, or no size in it.
        TooCostly: values, strips or tiles are more than the file can hold.
    """
    directory = _directory(data, 0)
    _check_values(directory)
    found: dict[int, int] = {}
    strips = 0
    for tag, kind, count, at in directory.entries():
        if tag in _BYTE_COUNTS:
            strips = sum(directory.integers(kind, count, at))
        elif tag in (_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT):
            found[tag] = next(iter(directory.integers(kind, min(count, 1), at)), 0)
    if not found.get(_WIDTH) or not found.get(_HEIGHT):
        raise InvalidImage("The TIFF has no area.")
    # Strips that overlap would be read again and again; a damaged file may lack some of its own.
    if strips > max(2 * len(data), _MOST_BYTES * found[_WIDTH] * found[_HEIGHT]) + 65_536:
        raise TooCostly("The strips of the TIFF are longer than its pixels.")
    if found.get(_TILE_WIDTH, 0) * found.get(_TILE_HEIGHT, 0) > max_pixels:
        raise TooCostly("The tiles of the TIFF are too large.")
    return TiffHeader(found[_WIDTH], found[_HEIGHT], pages=directory.next != 0)


def check_embedded_exif(data: bytes) -> None:
    """Refuse a file of another format whose EXIF would grow when Pillow parses it.

    Raises:
        TooCostly: the values of its entries are longer than the file.
    """
    for number, found in enumerate(_EMBEDDED.finditer(data)):
        if number == _MOST_EMBEDDED:
            raise TooCostly("The file has too many EXIF headers.")
        try:
            directory = _directory(data, found.start())
        except InvalidImage:
            continue
        _check_values(directory)


def _check_values(directory: _Directory) -> None:
    """Entries may share their values, and parsers copy them: 1 MB can become 60 GB."""
    if directory.count > MAX_ENTRIES:
        raise TooCostly(f"The directory has more than {MAX_ENTRIES} entries.")
    sizes = (count * _SIZES.get(kind, 1) for _, kind, count, _ in directory.entries())
    fitting = sum(size for size in sizes if size <= len(directory.data))
    if fitting > 2 * len(directory.data) + 65_536:
        raise TooCostly("The values of the directory are longer than the file.")


def _directory(file: bytes, at: int) -> _Directory:
    """The first directory of the TIFF that begins at an offset."""
    data = memoryview(file)[at:]
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    if order is None:
        raise InvalidImage("The TIFF has no header.")
    big = 43 in data[2:4]
    try:
        if big:
            (offset,) = struct.unpack_from(order + "Q", data, 8)
            (count,) = struct.unpack_from(order + "Q", data, offset)
        else:
            (offset,) = struct.unpack_from(order + "I", data, 4)
            (count,) = struct.unpack_from(order + "H", data, offset)
    except (struct.error, OverflowError) as error:
        raise InvalidImage("The TIFF has no directory.") from error
    return _Directory(order, big, offset + (8 if big else 2), count, data)

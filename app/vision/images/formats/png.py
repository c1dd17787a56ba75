"""PNG: a bounded walk over the chunks."""

import struct
from dataclasses import dataclass

from app.errors import InvalidImage, TooCostly
from app.vision.images.formats.exif import read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FREE_CHUNKS = 1000
_LEAST_CHUNK = 512
"""Bytes a chunk has on average, beyond the free ones; encoders write 8 kB and more."""
_ESSENTIAL = (b"IHDR", b"iCCP", b"PLTE", b"tRNS", b"IDAT", b"IEND")


@dataclass(frozen=True, slots=True)
class PngHeader:
    """`width` and `height` are as stored, before the orientation."""

    width: int
    height: int
    animated: bool
    orientation: int
    essence: tuple[bytes, ...]
    """The chunks that make the pixels; joined they are a file without metadata other than
    its colour profile."""


def read_png_header(data: bytes) -> PngHeader:
    """Walk over the chunks that are there.

    Raises:
        InvalidImage: the header is damaged or missing.
        TooCostly: it has far more chunks than an honest file.
    """
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise InvalidImage("The PNG has no header.")
    width, height = struct.unpack_from(">II", data, 16)
    if not width or not height:
        raise InvalidImage("The PNG has no area.")
    most = _FREE_CHUNKS + len(data) // _LEAST_CHUNK
    essence = [SIGNATURE]
    animated, orientation, count, position = False, 1, 0, 8
    while position + 8 <= len(data):
        count += 1
        if count > most:
            raise TooCostly("The PNG has too many chunks.")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind in _ESSENTIAL:
            essence.append(data[position:end])
        elif kind == b"acTL" and length >= 4:
            animated = int.from_bytes(data[position + 8 : position + 12], "big") > 1
        elif kind == b"eXIf":
            orientation = read_orientation(data[position + 8 : end - 4])
        if kind == b"IEND":
            break
        position = end
    return PngHeader(width, height, animated, orientation, tuple(essence))

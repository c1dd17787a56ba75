"""GIF: a bounded walk over the blocks up to a second picture."""

import struct
from dataclasses import dataclass

from app.errors import InvalidImage, TooCostly

_FREE_BLOCKS = 1000
_LEAST_BLOCK = 64
"""Bytes a block has on average, beyond the free ones; encoders write 255."""


@dataclass(frozen=True, slots=True)
class GifHeader:
    width: int
    height: int
    animated: bool


def read_gif_header(data: bytes) -> GifHeader:
    """Look for a second picture.

    Raises:
        InvalidImage: the header is damaged.
        TooCostly: it has far more blocks than an honest file.
    """
    if len(data) < 13:
        raise InvalidImage("The GIF has no header.")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    if not width or not height:
        raise InvalidImage("The GIF has no area.")
    position = 13 + _palette(flags)
    left = _FREE_BLOCKS + len(data) // _LEAST_BLOCK
    pictures = 0
    while position < len(data) and pictures < 2:
        kind = data[position]
        if kind == 0x21:
            position += 2
        elif kind == 0x2C and position + 10 <= len(data):
            pictures += 1
            position += 11 + _palette(data[position + 9])
        else:
            break
        while position < len(data) and (length := data[position]):
            position += 1 + length
            left -= 1
        position += 1
        left -= 1
        if left < 0:
            raise TooCostly("The GIF has too many blocks.")
    return GifHeader(width, height, pictures > 1)


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

"""The one thing a picture's EXIF is needed for: how it must be turned."""

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
from cv2.typing import MatLike

_ORIENTATION = 0x0112
_UPRIGHT: Mapping[int, Callable[[MatLike], MatLike]] = MappingProxyType(
    {
        2: lambda pixels: cv2.flip(pixels, 1),
        3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
        4: lambda pixels: cv2.flip(pixels, 0),
        5: cv2.transpose,
        6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
        7: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
        8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
    }
)


def read_orientation(exif: bytes) -> int:
    """The orientation of EXIF data without its `Exif` signature: 1 to 8, 1 if it cannot be told.

    Nothing else is read: parsers that copy every value let 60 kB of entries that share their value
    grow to gigabytes.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, offset)
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, _kind, _count, value = struct.unpack_from(order + "HHIH", exif, entry)
            if tag == _ORIENTATION:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def turn_upright(pixels: MatLike, orientation: int) -> MatLike:
    """Pixels as stored, (height, width[, channels]), as they are to be seen."""
    turn = _UPRIGHT.get(orientation)
    return pixels if turn is None else turn(pixels)

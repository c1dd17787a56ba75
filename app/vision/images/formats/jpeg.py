"""JPEG: a bounded walk over the markers, and decoding at the scale that is needed."""

import re
import struct
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg

from app.errors import InvalidImage, TooCostly, UnsupportedImage
from app.vision.images.formats.exif import read_orientation, turn_upright
from app.vision.types import Frame

MAX_SCANS = 100
"""Encoders write about 10, hand-made scripts some dozens."""
MAX_SCANNED_PIXELS = 1_000_000_000
"""Scans times pixels: each scan visits every block again, however few bytes it has. Decoding costs
about 1 to 3 ns for each."""
MAX_SEGMENTS = 1000
"""20 MB of metadata in its longest segments are 305."""

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_TABLES = {0xC4, 0xDB, _APP0, _APP14}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_DECODED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
"""Baseline, extended, progressive, and the two with arithmetic coding."""
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""The next marker as libjpeg finds it: past coded data with its stuffed zeros and restarts, and
past whatever else lies between two segments."""
_SCALES = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
}


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """`width` and `height` are as stored, before the orientation."""

    width: int
    height: int
    scans: int
    orientation: int
    essence: bytes
    """The file up to its pixels, without metadata other than the colour profile."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Walk over all segments.

    Raises:
        InvalidImage: there is no frame or no scan.
        UnsupportedImage: it is lossless, hierarchical or not of 8 bits.
        TooCostly: it has more scans or segments than an honest file.
    """
    size: tuple[int, int] | None = None
    essence = [b"\xff\xd8"]
    scans = segments = 0
    exif: bytes | None = None
    position = 2
    while found := _MARKER.search(data, position):
        marker, position = found.group(1)[0], found.end()
        if marker in (_SOI, _EOI):
            break
        if marker == _TEM:
            continue
        segments += 1
        if segments > MAX_SEGMENTS:
            raise TooCostly(f"The JPEG has more than {MAX_SEGMENTS} segments.")
        end = position + int.from_bytes(data[position : position + 2], "big")
        body = data[position + 2 : end]
        if marker in _FRAMES and size is None:
            size = _frame_size(marker, body)
        elif marker == _APP1 and exif is None and body.startswith(b"Exif\0\0"):
            exif = body[6:]
        elif marker == _SOS:
            scans += 1
            _check_scans(scans, size)
        kept = marker in _TABLES or marker in _FRAMES or marker == _SOS
        if scans <= 1 and (kept or (marker == _APP2 and body.startswith(b"ICC_PROFILE\0"))):
            essence.append(b"\xff" + data[position - 1 : end])
        position = max(end, position + 2)
    if size is None or scans == 0:
        raise InvalidImage("The JPEG ends before its pixels.")
    essence.append(b"\xff\xd9")
    orientation = 1 if exif is None else read_orientation(exif)
    return JpegHeader(*size, scans, orientation, b"".join(essence))


def _frame_size(marker: int, body: bytes) -> tuple[int, int]:
    try:
        precision, height, width = struct.unpack_from(">BHH", body)
    except struct.error as error:
        raise InvalidImage("The JPEG ends before its pixels.") from error
    if marker not in _DECODED or precision != 8:
        raise UnsupportedImage("Lossless and 12-bit JPEGs are not supported.")
    if not width or not height:
        raise InvalidImage("The JPEG has no area.")
    return width, height


def _check_scans(scans: int, size: tuple[int, int] | None) -> None:
    width, height = size or (0, 0)
    # One scan is as much work as any other format is.
    if scans > MAX_SCANS or (scans > 1 and scans * width * height > MAX_SCANNED_PIXELS):
        raise TooCostly("The progressive JPEG has too many scans.")


def decode_jpeg(data: bytes, header: JpegHeader, scale: int = 1) -> tuple[Frame, bool]:
    """The picture, upright, at 1/`scale` of its size (1, 2 or 4), and whether it is damaged.

    What is lost stays grey. The pixels are those of OpenCV, which does not tell of the damage.

    Raises:
        InvalidImage: nothing can be decoded.
    """
    size = -(-header.height // scale), -(-header.width // scale)
    stored: Frame | None
    damaged = False
    try:
        stored = simplejpeg.decode_jpeg(data, "BGR", min_height=size[0], min_width=size[1])
    except ValueError:
        stored, damaged = _salvaged(data, size, scale)
    if stored is None:
        raise InvalidImage("The image is damaged or truncated.")
    upright = turn_upright(stored, header.orientation)
    return np.asarray(upright, np.uint8), damaged


def _salvaged(data: bytes, size: tuple[int, int], scale: int) -> tuple[Frame | None, bool]:
    blank = np.zeros((*size, 3), np.uint8)
    try:
        stored = simplejpeg.decode_jpeg(
            data, "BGR", min_height=size[0], min_width=size[1], buffer=blank, strict=False
        )
        return np.array(stored, np.uint8), True
    except ValueError:
        pass
    # TurboJPEG takes the common kinds of chroma subsampling only.
    flags = _SCALES[scale] | cv2.IMREAD_IGNORE_ORIENTATION
    frame = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return (None if frame is None else frame.astype(np.uint8, copy=False)), False

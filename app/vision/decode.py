"""Bytes to frame: refuse what is no single picture before a pixel is allocated, then decode."""

import io

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import (
    AnimatedImage,
    EmptyImage,
    InvalidImage,
    TooManyPixels,
    UnsupportedImage,
)
from app.vision.types import Frame

# MPO is the JPEG of phones with a second picture (depth, preview) behind the first.
DECODED_FORMATS = frozenset({"JPEG", "MPO", "PNG", "WEBP", "AVIF", "BMP", "TIFF", "GIF"})
# Told from damaged data by name; Pillow's many other parsers see nothing of what callers send.
_REFUSED_FORMATS = frozenset({"JPEG2000", "ICO", "PPM", "PSD"})
_RECOGNISED = sorted(DECODED_FORMATS - {"MPO"} | _REFUSED_FORMATS)  # Pillow opens MPO as JPEG
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_DAMAGED = "The image is damaged or truncated."


def decode_image(data: bytes, *, max_pixels: int) -> Frame:
    """Decode one picture, with its EXIF rotation applied, to 8-bit BGR.

    Grey, palette, CMYK, 16-bit and transparent pictures are converted; transparency is dropped.

    Raises:
        EmptyImage, InvalidImage, UnsupportedImage, AnimatedImage, TooManyPixels
    """
    if not data:
        raise EmptyImage("The image is empty.")
    if _checked_format(data, max_pixels) == "AVIF":
        return _decode_avif(data)
    try:
        frame = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise InvalidImage(_DAMAGED) from error
    if frame is None:
        raise InvalidImage(_DAMAGED)
    return frame.astype(np.uint8, copy=False)


def _decode_avif(data: bytes) -> Frame:
    """By Pillow: OpenCV leaves AVIF's own rotation and mirroring (irot, imir) unapplied."""
    try:
        with Image.open(io.BytesIO(data), formats=["AVIF"]) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidImage(_DAMAGED) from error
    return cv2.cvtColor(np.asarray(upright), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _checked_format(data: bytes, max_pixels: int) -> str:
    """Name of the format, after a look at size and number of frames; no pixels are read here."""
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise UnsupportedImage("HEIC/HEIF images are not supported; send JPEG, PNG or WebP.")
    try:
        with Image.open(io.BytesIO(data), formats=_RECOGNISED) as header:
            name, (width, height) = header.format, header.size
            animated = name != "MPO" and bool(getattr(header, "is_animated", False))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(f"The image has more than {max_pixels} pixels.") from error
    except UnidentifiedImageError as error:
        raise InvalidImage("The data is not an image the service knows.") from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        # What Pillow's header parsers raise on damaged files.
        raise InvalidImage(_DAMAGED) from error
    if name not in DECODED_FORMATS:
        raise UnsupportedImage(f"{name} images are not supported; send JPEG, PNG or WebP.")
    if width * height > max_pixels:
        raise TooManyPixels(
            f"The image has {width} x {height} pixels; at most {max_pixels} are accepted."
        )
    if animated:
        raise AnimatedImage("The image has several frames or pages; send a single one.")
    return name

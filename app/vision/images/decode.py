"""Bytes to frame: refuse what is no single picture before a pixel is allocated, then decode."""

import io
import struct
from dataclasses import dataclass

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
from app.vision.images.formats.exif import turn_upright
from app.vision.images.formats.gif import read_gif_header
from app.vision.images.formats.jpeg import JpegHeader, decode_jpeg, read_jpeg_header
from app.vision.images.formats.png import PngHeader, read_png_header
from app.vision.images.formats.signatures import identify
from app.vision.images.formats.tiff import check_embedded_exif, read_tiff_header
from app.vision.types import Frame

_DAMAGED = "The image is damaged or truncated."
_LEAST_SHOWN = 0.01
"""Share of a damaged picture that must be of another colour than most of it, which is lost."""
REDUCIBLE = 8
"""So that phones' 200 megapixels are within eight times the default of 50."""
_SCALES = (1, 2, 4)
_PILLOW_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError, struct.error),
    *(KeyError, IndexError, TypeError, AttributeError, RuntimeError),
)
"""What Pillow's parsers raise on damaged files."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    `width` and `height` are those of the file, upright; the frame may be smaller by `scale`.
    `damaged` says that part of the file is lost; those pixels are black, grey or wrong.
    """

    frame: Frame
    width: int
    height: int
    scale: int = 1
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class _Header:
    kind: str
    width: int
    height: int
    parsed: JpegHeader | PngHeader | None = None


def decode_image(data: bytes, *, max_pixels: int) -> Frame:
    """The frame of `decode_picture`, at the size of the file. Raises as that."""
    return decode_picture(data, max_pixels=max_pixels).frame


def decode_picture(data: bytes, *, max_pixels: int, reduce: bool = False) -> Picture:
    """Decode one picture, with its EXIF rotation applied, to 8-bit BGR.

    Grey, palette, CMYK, 16-bit, float and transparent pictures are converted; transparency is
    dropped. Of a damaged file what is there is decoded.

    Args:
        max_pixels: most pixels of the frame.
        reduce: decode JPEGs of up to `REDUCIBLE` times as many pixels at 1/2 or 1/4 of their size,
            which takes neither the memory nor the time of all their pixels. Progressive ones are
            not, since all their coefficients lie in memory at once, whatever the scale.

    Raises:
        EmptyImage, InvalidImage, UnsupportedImage, AnimatedImage, TooManyPixels, TooCostly
    """
    header, scale = _check(data, max_pixels, reduce=reduce)
    damaged = False
    if isinstance(header.parsed, JpegHeader):
        frame, damaged = decode_jpeg(data, header.parsed, scale)
    elif header.kind == "AVIF":  # OpenCV leaves AVIF's own rotation and mirroring unapplied
        frame, damaged = _by_pillow(data, header)
    else:
        found = _by_opencv(data)
        frame, damaged = _by_pillow(data, header) if found is None else (found, False)
    if damaged and _shown(frame) < _LEAST_SHOWN:
        raise InvalidImage(_DAMAGED)
    height, width = frame.shape[:2]
    if scale > 1 and isinstance(header.parsed, JpegHeader):
        width, height = header.parsed.upright_size
    return Picture(frame, width, height, scale, damaged)


def check_picture(data: bytes, *, max_pixels: int) -> str:
    """The format, as Pillow calls it, of a picture that `decode_picture` would try to decode.

    Raises:
        ImageError: as that, for all that can be told before a pixel is read.
    """
    return _check(data, max_pixels, reduce=False)[0].kind


def _check(data: bytes, max_pixels: int, *, reduce: bool) -> tuple[_Header, int]:
    """What is known of a picture that may be decoded, and at which part of its size."""
    if not data:
        raise EmptyImage("The image is empty.")
    header, several = _read_header(data, identify(data), max_pixels)
    scale = _scale(header, max_pixels) if reduce else 1
    if -(-header.width // scale) * -(-header.height // scale) > max_pixels:
        raise TooManyPixels(
            f"The image has {header.width} x {header.height} pixels; "
            f"at most {max_pixels} are accepted."
        )
    if several:
        raise AnimatedImage("The image has several frames or pages; send a single one.")
    return header, scale


def _shown(frame: Frame) -> float:
    """Share of the pixels that are not of the middle colour, from some of them."""
    step = max(1, min(frame.shape[:2]) // 256)
    some = frame[::step, ::step].reshape(-1, 3)
    return float((some != np.median(some, axis=0)).any(axis=1).mean())


def _scale(header: _Header, max_pixels: int) -> int:
    """The largest at which the picture is within the limit; 1 if there is none."""
    pixels = header.width * header.height
    jpeg = header.parsed
    if not isinstance(jpeg, JpegHeader) or jpeg.scans > 1 or pixels > REDUCIBLE * max_pixels:
        return 1
    fitting = (
        scale
        for scale in _SCALES
        if -(-header.width // scale) * -(-header.height // scale) <= max_pixels
    )
    return next(fitting, 1)


def _read_header(data: bytes, kind: str, max_pixels: int) -> tuple[_Header, bool]:
    """What the file says, and whether it holds more than one picture; no pixels are read here."""
    if kind == "JPEG":
        # Phones put a second picture (depth, preview) behind the first: nobody means that one.
        jpeg = read_jpeg_header(data)
        return _Header(kind, jpeg.width, jpeg.height, jpeg), False
    if kind == "PNG":
        png = read_png_header(data)
        return _Header(kind, png.width, png.height, png), png.animated
    if kind == "GIF":
        gif = read_gif_header(data)
        return _Header(kind, gif.width, gif.height), gif.animated
    if kind == "TIFF":
        tiff = read_tiff_header(data, max_pixels=max_pixels)
        return _Header(kind, tiff.width, tiff.height), tiff.pages
    if kind == "AVIF":
        check_embedded_exif(data)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            return _Header(kind, *image.size), bool(getattr(image, "is_animated", False))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(f"The image has more than {max_pixels} pixels.") from error
    except _PILLOW_ERRORS as error:
        raise InvalidImage(_DAMAGED) from error


def _by_opencv(data: bytes) -> Frame | None:
    try:
        frame = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if frame is None else frame.astype(np.uint8, copy=False)


def _by_pillow(data: bytes, header: _Header) -> tuple[Frame, bool]:
    """For what OpenCV cannot decode: the rest of damaged files, and TIFFs of rarer kinds.

    Raises:
        InvalidImage: nothing can be decoded.
        UnsupportedImage: a sound TIFF of a kind that Pillow does not know either.
    """
    damaged = False
    png = header.parsed if isinstance(header.parsed, PngHeader) else None
    try:
        with Image.open(
            io.BytesIO(data if png is None else b"".join(png.essence)), formats=[header.kind]
        ) as image:
            try:
                image.load()
            except _PILLOW_ERRORS:
                damaged = True
                image.tile = []  # what has been decoded so far is the picture
            frame = _to_bgr(ImageOps.exif_transpose(image))
    except UnidentifiedImageError as error:
        if header.kind == "TIFF":
            raise UnsupportedImage("This kind of TIFF is not supported.") from error
        raise InvalidImage(_DAMAGED) from error
    except (*_PILLOW_ERRORS, Image.DecompressionBombError) as error:
        raise InvalidImage(_DAMAGED) from error
    if png is not None:
        frame = np.asarray(turn_upright(frame, png.orientation), np.uint8)
    return frame, damaged


def _to_bgr(image: Image.Image) -> Frame:
    if image.mode in ("F", "I"):  # of no known range: from the darkest to the lightest
        shades = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
        grey = cv2.normalize(shades, np.empty(0), 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image, np.uint16) >> 8).astype(np.uint8)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    rgb = np.asarray(image.convert("RGB"))
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)

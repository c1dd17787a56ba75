"""Pictures that are changed and then written again as the kind they came in."""

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from app.errors import InvalidImage
from app.vision.decode import DECODED_FORMATS, decode_image
from app.vision.types import Frame

LOSSY_QUALITY = 95
"""Of lossy WebP, which does not say how it was compressed, and of JPEG in four ink colours."""

_LOSSLESS = 101  # a WebP quality of OpenCV
_FORMATS = sorted(DECODED_FORMATS - {"MPO"})  # Pillow opens MPO as JPEG
_ORIENTATION_TAG = 0x0112
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
"""What brings the pixels of a file upright, by EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Original:
    """A decoded picture and how to write it again.

    `frame` is what the networks see. `pixels` is what gets written, upright: the frame itself, or
    where the file holds more than a frame (transparency, 16 bits, grey alone) an array
    (height, width) or (height, width, channels) of uint8 or uint16, BGR or BGRA.
    """

    frame: Frame
    pixels: NDArray[Any]
    kind: str
    """`JPEG`, `PNG` or `WEBP`."""
    colour_profile: bytes | None
    compression: Mapping[str, Any] = field(default_factory=dict)
    """Options of Pillow's JPEG writer, or `quality` for WebP."""

    @property
    def media_type(self) -> str:
        return f"image/{self.kind.lower()}"

    def write(self) -> bytes:
        """The picture as it is now, without metadata: only the colour profile is kept."""
        return self._write_jpeg() if self.kind == "JPEG" else self._write_png_or_webp()

    def _write_jpeg(self) -> bytes:
        grey = self.pixels.ndim == 2
        pixels = self.pixels if grey else cv2.cvtColor(self.pixels, cv2.COLOR_BGR2RGB)
        out = io.BytesIO()
        Image.fromarray(pixels).save(
            out, "JPEG", icc_profile=self.colour_profile, optimize=True, **self.compression
        )
        return out.getvalue()

    def _write_png_or_webp(self) -> bytes:
        quality = self.compression.get("quality")
        parameters = [] if quality is None else [cv2.IMWRITE_WEBP_QUALITY, quality]
        for profile in (self.colour_profile, None):  # libpng writes no damaged profile
            kinds = [] if profile is None else [cv2.IMAGE_METADATA_ICCP]
            values = [] if profile is None else [np.frombuffer(profile, np.uint8)]
            done, data = cv2.imencodeWithMetadata(
                f".{self.kind.lower()}", self.pixels, kinds, values, parameters
            )
            if done:
                return bytes(data)
        raise InvalidImage("The image cannot be written again.")


def open_original(data: bytes, *, max_pixels: int) -> Original:
    """Decode a picture so that it can be written again as what it was.

    JPEG keeps its quantisation tables and chroma subsampling, PNG its depth and transparency, WebP
    whether it is lossless. Other formats are written as PNG.

    Raises:
        ImageError: as `decode_image`.
    """
    frame = decode_image(data, max_pixels=max_pixels)
    with Image.open(io.BytesIO(data), formats=_FORMATS) as header:  # known to be sound
        kind, profile = header.format, header.info.get("icc_profile")
        if isinstance(header, JpegImagePlugin.JpegImageFile):
            return _jpeg(frame, header, profile)
        orientation = _orientation(header)
    if kind not in ("PNG", "WEBP"):
        return Original(frame, frame, "PNG", profile)
    pixels = _all_channels(data, orientation)
    compression = {"quality": _webp_quality(data)} if kind == "WEBP" else {}
    # The frame of these very pixels: what is found in it must be where it is covered.
    return Original(_as_frame(pixels), pixels, kind, profile, compression)


def _jpeg(frame: Frame, header: JpegImagePlugin.JpegImageFile, profile: bytes | None) -> Original:
    if header.mode not in ("L", "RGB"):  # inks became colours, for which the profile is not
        return Original(frame, frame, "JPEG", None, {"quality": LOSSY_QUALITY})
    compression = {
        "qtables": [table for _, table in sorted(header.quantization.items())],
        "subsampling": JpegImagePlugin.get_sampling(header),
        "progressive": bool(header.info.get("progressive")),
    }
    pixels = np.ascontiguousarray(frame[:, :, 0]) if header.mode == "L" else frame
    return Original(frame, pixels, "JPEG", profile, compression)


def _webp_quality(data: bytes) -> int:
    """From the kind of the picture's chunk, behind those of its colours and metadata."""
    position = 12
    while position + 8 <= len(data):
        chunk, size = struct.unpack_from("<4sI", data, position)
        if chunk == b"VP8L":
            return _LOSSLESS
        if chunk == b"VP8 ":
            break
        position += 8 + size + size % 2
    return LOSSY_QUALITY


def _orientation(header: Image.Image) -> int:
    """The EXIF orientation, 1 where there is none or it cannot be told."""
    try:
        return int(header.getexif().get(_ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, OSError, struct.error):
        return 1


def _as_frame(pixels: NDArray[Any]) -> Frame:
    shades = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if shades.ndim == 2:
        return cv2.cvtColor(shades, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return np.ascontiguousarray(shades[:, :, :3])


def _all_channels(data: bytes, orientation: int) -> NDArray[Any]:
    """All that the file holds of each pixel, upright."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InvalidImage("The image is damaged or truncated.")
    upright = _UPRIGHT.get(orientation)
    return pixels if upright is None else upright(pixels)

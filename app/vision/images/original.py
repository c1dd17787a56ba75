"""Pictures that are changed and then written again as the kind they came in."""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from app.errors import InvalidImage
from app.vision.images.decode import Picture, check_picture, decode_picture
from app.vision.images.formats.exif import read_orientation, turn_upright
from app.vision.images.formats.jpeg import JpegHeader, read_jpeg_header
from app.vision.images.formats.png import read_png_header
from app.vision.types import Frame

LOSSY_QUALITY = 95
"""Of lossy WebP, which does not say how it was compressed, and of JPEG in four ink colours."""

_LOSSLESS = 101  # a WebP quality of OpenCV
_MOST_CHUNKS = 1000


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
    damaged: bool = False
    """Whether part of the file was lost; what is left of it is written."""

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
    whether it is lossless. Other formats, and what is left of a damaged file, are written as PNG.

    Raises:
        ImageError: as `decode_image`.
    """
    kind = check_picture(data, max_pixels=max_pixels)
    pixels = _all_channels(data) if kind in ("PNG", "WEBP") else None
    if pixels is None:
        picture = decode_picture(data, max_pixels=max_pixels)
        if kind == "JPEG":
            return _jpeg(picture, read_jpeg_header(data))
        profile = None if picture.damaged else _profile(data, kind)
        return Original(picture.frame, picture.frame, "PNG", profile, damaged=picture.damaged)
    if kind == "PNG":
        header = read_png_header(data)
        orientation, compression = header.orientation, {}
        profile = _profile(b"".join(header.essence), kind)
    else:
        chunks = dict(_webp_chunks(data))
        orientation = read_orientation(chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0"))
        compression = {"quality": _LOSSLESS if b"VP8L" in chunks else LOSSY_QUALITY}
        profile = chunks.get(b"ICCP")
    upright = turn_upright(pixels, orientation)
    # The frame of these very pixels: what is found in it must be where it is covered.
    return Original(_as_frame(upright), upright, kind, profile, compression)


def _jpeg(picture: Picture, header: JpegHeader) -> Original:
    frame = picture.frame
    # Pillow's parser must not see the metadata, which has no bounds there.
    with Image.open(io.BytesIO(header.essence), formats=["JPEG"]) as parsed:
        assert isinstance(parsed, JpegImagePlugin.JpegImageFile)
        mode, profile = parsed.mode, parsed.info.get("icc_profile")
        compression = {
            "qtables": [table for _, table in sorted(parsed.quantization.items())],
            "subsampling": JpegImagePlugin.get_sampling(parsed),
            "progressive": bool(parsed.info.get("progressive")),
        }
    if mode not in ("L", "RGB"):  # inks became colours, for which the profile is not
        profile, compression = None, {"quality": LOSSY_QUALITY}
    pixels = np.ascontiguousarray(frame[:, :, 0]) if mode == "L" else frame
    return Original(frame, pixels, "JPEG", profile, compression, damaged=picture.damaged)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the first chunks."""
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > len(data):
            return
        chunk, size = struct.unpack_from("<4sI", data, position)
        yield chunk, data[position + 8 : position + 8 + size]
        position += 8 + size + size % 2


def _profile(data: bytes, kind: str) -> bytes | None:
    """The colour profile, None where it is damaged."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as header:
            profile: bytes | None = header.info.get("icc_profile")
    except (OSError, SyntaxError, ValueError):
        return None
    return profile


def _as_frame(pixels: NDArray[Any]) -> Frame:
    shades = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if shades.ndim == 2:
        return cv2.cvtColor(shades, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return np.ascontiguousarray(shades[:, :, :3])


def _all_channels(data: bytes) -> NDArray[Any] | None:
    """All that the file holds of each pixel, as stored; None if it is damaged."""
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None

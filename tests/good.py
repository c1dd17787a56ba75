"""One good file of each format, made of a drawn car."""

import io
from functools import cache

import cv2
import numpy as np
from PIL import Image

from app.vision.types import Frame
from tests.pictures import draw_car

FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "bmp": "BMP"} | {
    "tiff": "TIFF",
    "gif": "GIF",
}
"""What the service decodes, by Pillow's names."""


@cache
def small_car() -> Frame:
    return cv2.resize(draw_car("ABC123"), (320, 240)).astype(np.uint8, copy=False)


def by_pillow(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def rgb() -> Image.Image:
    return Image.fromarray(cv2.cvtColor(small_car(), cv2.COLOR_BGR2RGB))


@cache
def valid() -> dict[str, bytes]:
    """One good file of each format."""
    return {name: by_pillow(rgb(), form) for name, form in FORMATS.items()}

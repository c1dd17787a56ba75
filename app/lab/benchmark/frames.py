"""Camera frames to send: real photos brought to one size and quality."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

CAMERA = (1280, 720)
SQUARE = (1024, 1024)
TWELVE_MEGAPIXELS = (4000, 3000)
JPEG_QUALITY = 95


def write_frames(
    pictures: Sequence[Path], directory: Path, size: tuple[int, int] = CAMERA
) -> list[Path]:
    """Write each picture as a JPEG of that width and height: scaled to cover, cut at the centre.

    Raises:
        OSError: a picture cannot be read.
    """
    written: list[Path] = []
    for number, path in enumerate(pictures):
        picture = cv2.imread(str(path))
        if picture is None:
            raise OSError(f"{path} is no picture")
        height, width = picture.shape[:2]
        scale = max(size[0] / width, size[1] / height)
        covering = (max(size[0], round(width * scale)), max(size[1], round(height * scale)))
        scaled = cv2.resize(picture, covering, interpolation=cv2.INTER_CUBIC)
        left, top = (covering[0] - size[0]) // 2, (covering[1] - size[1]) // 2
        frame = np.ascontiguousarray(scaled[top : top + size[1], left : left + size[0]])
        target = directory / f"{size[0]}x{size[1]}-{number:03}.jpg"
        cv2.imwrite(str(target), frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        written.append(target)
    return written

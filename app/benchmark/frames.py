"""Camera frames to send: real photos brought to one size and quality."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 1280, 720
JPEG_QUALITY = 95


def write_frames(pictures: Sequence[Path], directory: Path) -> list[Path]:
    """Write each picture as a 1280 x 720 JPEG: scaled to cover, then cut at the centre.

    Raises:
        OSError: a picture cannot be read.
    """
    written: list[Path] = []
    for number, path in enumerate(pictures):
        picture = cv2.imread(str(path))
        if picture is None:
            raise OSError(f"{path} is no picture")
        height, width = picture.shape[:2]
        scale = max(WIDTH / width, HEIGHT / height)
        size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
        scaled = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
        frame = np.ascontiguousarray(scaled[top : top + HEIGHT, left : left + WIDTH])
        target = directory / f"frame{number:03}.jpg"
        cv2.imwrite(str(target), frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        written.append(target)
    return written

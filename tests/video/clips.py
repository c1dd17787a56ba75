"""Small video files."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from app.vision.types import Frame


def write_clip(path: Path, frames: Sequence[Frame], fps: float) -> Path:
    """A file of the kind that its suffix names."""
    fourcc = {".avi": "MJPG", ".mp4": "mp4v", ".mkv": "mp4v", ".webm": "VP80"}[path.suffix]
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def grey_frames(count: int, *, width: int = 64, height: int = 48) -> list[Frame]:
    """Each brighter than the one before, so that they can be told apart."""
    return [np.full((height, width, 3), 20 + 200 * i // count, np.uint8) for i in range(count)]

"""Drawn pictures: no real photo may be part of the repository."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.vision.types import Frame

_INK = (15, 15, 15)


def draw_car(plate: str) -> Frame:
    """The back of a car on a road, (480, 640, 3) uint8 BGR, with a plate the networks can read."""
    frame: Frame = np.empty((480, 640, 3), np.uint8)
    frame[:] = np.linspace(200, 90, 480)[:, None, None]  # sky
    for corner, opposite, colour in (
        ((0, 330), (640, 480), (85, 85, 85)),  # road
        ((150, 150), (490, 400), (120, 40, 30)),  # body
        ((190, 90), (450, 170), (60, 50, 45)),  # window
        ((150, 360), (490, 410), (30, 30, 30)),  # bumper
        ((233, 288), (407, 353), (20, 20, 20)),  # rim of the plate
        ((235, 290), (405, 351), (240, 240, 240)),
    ):
        cv2.rectangle(frame, corner, opposite, colour, -1)
    for lamp in ((190, 240), (450, 240)):
        cv2.circle(frame, lamp, 28, (40, 40, 220), -1)
    (width, height), _ = cv2.getTextSize(plate, cv2.FONT_HERSHEY_SIMPLEX, 1.35, 4)
    origin = (320 - width // 2, 320 + height // 2)
    cv2.putText(frame, plate, origin, cv2.FONT_HERSHEY_SIMPLEX, 1.35, _INK, 4, cv2.LINE_AA)
    noise = np.random.default_rng(7).normal(0, 4, frame.shape)
    noisy = np.clip(frame + noise, 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(noisy, (3, 3), 0).astype(np.uint8, copy=False)


def encode(frame: NDArray[Any], suffix: str, *parameters: int) -> bytes:
    """A frame as a file of the kind the suffix names, by OpenCV."""
    done, data = cv2.imencode(suffix, frame, list(parameters))
    assert done
    return data.tobytes()

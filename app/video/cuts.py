"""Scene cuts: moments at which everything in the picture is another."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.vision.types import Frame

_SIZE = (32, 18)
_SMOOTH = 1.5
RESEMBLANCE = 0.35
"""Correlation of two small, smoothed pictures below which they show different scenes. Movement of
camera and vehicles keeps it above .5, brightness and contrast do not matter to it."""
_FLAT = 2.0
"""Standard deviation of grey levels below which a picture shows nothing that could be compared."""


class CutDetector:
    """Tells at which frames a scene begins. One for each video."""

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None

    def is_cut(self, picture: Frame) -> bool:
        """Whether another scene begins with this frame, (height, width, 3) uint8 BGR."""
        grey = cv2.cvtColor(
            cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY
        )
        small = cv2.GaussianBlur(grey, (0, 0), _SMOOTH).astype(np.float32)
        if small.std() < _FLAT:
            return False
        before, self._before = self._before, small
        if before is None:
            return False
        return float(np.corrcoef(before.ravel(), small.ravel())[0, 1]) < RESEMBLANCE

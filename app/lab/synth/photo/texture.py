"""Random fields and strokes that several stages use."""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def clouds(rng: np.random.Generator, height: int, width: int, cells: int) -> Field:
    """Smooth noise (height, width) float32, about 0..1, with `cells` bumps along the height."""
    across = max(2, round(cells * width / max(height, 1)))
    coarse = rng.random((max(2, cells), across), np.float32)
    fine = rng.random((3 * max(2, cells), 3 * across), np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    field = 0.65 * field + 0.35 * cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, np.float32)


def ramp(height: int, width: int, angle: float) -> Field:
    """Plane (height, width) float32 that rises from -1 to 1 along `angle` (radians)."""
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)
    plane = np.cos(angle) * x[None, :] + np.sin(angle) * y[:, None]
    return np.asarray(plane / (abs(np.cos(angle)) + abs(np.sin(angle))), np.float32)

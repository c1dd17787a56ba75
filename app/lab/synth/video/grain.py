"""Noise of a sensor, frame by frame."""

import numpy as np

from app.lab.synth.photo.camera import add_noise
from app.lab.synth.photo.texture import Field

MARGIN = 64
MIDDLE = 128.0


class Grain:
    """One field of noise, moved at random from frame to frame: new noise each time costs more than
    all the rest."""

    def __init__(self, rng: np.random.Generator, height: int, width: int, sigma: float) -> None:
        """`sigma` in grey levels."""
        self._rng = rng
        self._size = height, width
        grey = np.full((height + MARGIN, width + MARGIN, 3), MIDDLE, np.float32)
        self._field = add_noise(rng, grey, sigma) - MIDDLE

    def over(self, light: Field) -> Field:
        """With noise, (height, width, 3) float32."""
        height, width = self._size
        y, x = self._rng.integers(0, MARGIN, 2).tolist()
        return np.asarray(light + self._field[y : y + height, x : x + width], np.float32)

"""A camera on a pole, or in a hand."""

import numpy as np

SWINGS = 5
SLOWEST, FASTEST = 0.4, 6.0
"""Hertz."""


class Shaking:
    """Movement of the picture in pixels: a few swings of random frequency."""

    def __init__(self, rng: np.random.Generator, deviation: float) -> None:
        """`deviation` is the standard deviation along each axis."""
        self._turns = 2 * np.pi * rng.uniform(SLOWEST, FASTEST, SWINGS)
        self._phases = rng.uniform(0, 2 * np.pi, (2, SWINGS))
        self._reach = deviation * np.sqrt(2 / SWINGS)

    def at(self, moment: float) -> tuple[float, float]:
        right, down = self._reach * np.sin(self._turns * moment + self._phases).sum(axis=1)
        return float(right), float(down)

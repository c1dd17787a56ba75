"""Rendered crops used more than once: rendering costs half as much as a training step."""

import numpy as np
from numpy.typing import NDArray

from models.training.reader.readings import Reading


class Replay:
    """A ring of the latest readings, as stacked arrays; what it gives back looks a little new."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._ring: Reading | None = None
        self._filled = 0
        self._next = 0

    def __len__(self) -> int:
        return self._filled

    def add(self, batch: Reading) -> None:
        """Keep a batch in the place of the oldest readings."""
        if self._ring is None:
            self._ring = Reading(
                *(np.empty((self._capacity, *part.shape[1:]), part.dtype) for part in batch)
            )
        at = (self._next + np.arange(len(batch.image))) % self._capacity
        self._ring.image[at] = batch.image
        self._ring.classes[at] = batch.classes
        self._ring.places[at] = batch.places
        self._next = int(at[-1] + 1) % self._capacity
        self._filled = min(self._capacity, self._filled + len(batch.image))

    def draw(self, count: int, rng: np.random.Generator) -> Reading:
        """`count` readings at random, in other light. Raises ValueError where there are none."""
        if self._ring is None:
            raise ValueError("nothing to replay yet")
        chosen = rng.integers(self._filled, size=count)
        ring = self._ring
        return Reading(_relit(ring.image[chosen], rng), ring.classes[chosen], ring.places[chosen])


def _relit(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Other gain, offset and noise, and a shift by up to two pixels."""
    shape = (len(images), 1, 1)
    gain, offset = np.exp(rng.normal(0, 0.2, shape)), rng.normal(0, 15, shape)
    noise = rng.normal(0, 1, images.shape) * np.abs(rng.normal(0, 5, shape))
    lit = np.clip((images - 128.0) * gain + 128 + offset + noise, 0, 255).astype(np.uint8)
    shifts = rng.integers(-2, 3, (len(images), 2))
    return np.stack(
        [np.roll(image, shift, (0, 1)) for image, shift in zip(lit, shifts.tolist(), strict=True)]
    )

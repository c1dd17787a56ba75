"""Drawn crops kept on the device that trains."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from models.training.common.ring import Ring
from models.training.common.slots import HEIGHT, SLOTS, WIDTH
from models.training.reader.readings import Known


class Kept(NamedTuple):
    """A stack on the device: `images` (n, HEIGHT, WIDTH) uint8, `classes` (n, SLOTS), `places`
    (n, SLOTS, 2); and `room` (n,) on the host, about ascending."""

    images: Any
    classes: Any
    places: Any
    room: NDArray[np.float32]


class Crops:
    """The latest `capacity` readings. What is kept on the device is 10 kB each."""

    def __init__(self, capacity: int, device: torch.device) -> None:
        self._ring = Ring(
            capacity,
            {
                "images": ((HEIGHT, WIDTH), torch.uint8),
                "classes": ((SLOTS,), torch.int64),
                "places": ((SLOTS, 2), torch.float32),
            },
            device,
        )
        self._room = np.empty(capacity, np.float32)

    def __len__(self) -> int:
        return len(self._ring)

    def add(self, images: NDArray[np.uint8], known: Known) -> int:
        """Keep a stack of readings in the place of the oldest ones; says how many are kept."""
        at = self._ring.add({"images": images, "classes": known.classes, "places": known.places})
        self._room[at] = known.room
        return len(self)

    def draw(self, count: int, rng: np.random.Generator) -> Kept:
        """`count` readings at random. Raises ValueError where there are none."""
        chosen = self._ring.choose(count, rng)
        # About in order of their room: one sensor sees crops that can suffer about as much.
        chosen = chosen[np.argsort(self._room[chosen] + rng.normal(0, 0.1, count))]
        return Kept(**self._ring.at(chosen), room=self._room[chosen])

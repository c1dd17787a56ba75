"""Drawn crops kept on the device that trains, so that each is shown more than once."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from models.training.common.slots import HEIGHT, SLOTS, WIDTH
from models.training.reader.readings import Reading


class Kept(NamedTuple):
    """A stack on the device: `images` (n, HEIGHT, WIDTH) uint8, `classes` (n, SLOTS), `places`
    (n, SLOTS, 2); and `room` (n,) on the host, about ascending."""

    images: Any
    classes: Any
    places: Any
    room: NDArray[np.float32]


class Ring:
    """The latest `capacity` readings. What is kept on the device is 10 kB each."""

    def __init__(self, capacity: int, device: torch.device) -> None:
        self._capacity, self._device = capacity, device
        self._images = torch.empty((capacity, HEIGHT, WIDTH), dtype=torch.uint8, device=device)
        self._classes = torch.empty((capacity, SLOTS), dtype=torch.int64, device=device)
        self._places = torch.empty((capacity, SLOTS, 2), device=device)
        self._room = np.empty(capacity, np.float32)
        self._filled = self._next = 0

    def __len__(self) -> int:
        return self._filled

    def add(self, batch: Reading) -> None:
        """Keep a stack of readings in the place of the oldest ones."""
        count = len(batch.image)
        at = (self._next + np.arange(count)) % self._capacity
        where = torch.from_numpy(at).to(self._device)
        self._images[where] = torch.from_numpy(batch.image).to(self._device)
        self._classes[where] = torch.from_numpy(batch.classes).to(self._device)
        self._places[where] = torch.from_numpy(batch.places).to(self._device)
        self._room[at] = batch.room
        self._next = (self._next + count) % self._capacity
        self._filled = min(self._capacity, self._filled + count)

    def draw(self, count: int, rng: np.random.Generator) -> Kept:
        """`count` readings at random. Raises ValueError where there are none."""
        if not self._filled:
            raise ValueError("nothing has been drawn yet")
        chosen = rng.integers(self._filled, size=count)
        # About in order of their room: one sensor sees crops that can suffer about as much.
        chosen = chosen[np.argsort(self._room[chosen] + rng.normal(0, 0.1, count))]
        where = torch.from_numpy(chosen).to(self._device)
        return Kept(
            self._images[where], self._classes[where], self._places[where], self._room[chosen]
        )

    def save(self, folder: Path) -> None:
        """Write what is kept into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = slice(0, self._filled)
        np.save(folder / "image.npy", self._images[kept].cpu().numpy())
        np.save(folder / "classes.npy", self._classes[kept].cpu().numpy())
        np.save(folder / "places.npy", self._places[kept].cpu().numpy())
        np.save(folder / "room.npy", self._room[kept])

    def load(self, folder: Path) -> None:
        """Keep what `save` has written."""
        self.add(Reading(*(np.load(folder / f"{name}.npy") for name in Reading._fields)))

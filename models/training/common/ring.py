"""What was drawn, kept on the device that trains, so that it is shown more than once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Ring:
    """The latest `capacity` entries of some `fields`, each of a shape and a type."""

    def __init__(
        self, capacity: int, fields: Mapping[str, tuple[tuple[int, ...], Any]], device: torch.device
    ) -> None:
        self._capacity, self._device = capacity, device
        self._kept = {
            name: torch.empty((capacity, *shape), dtype=kind, device=device)
            for name, (shape, kind) in fields.items()
        }
        self._filled = self._next = 0
        # What is sent beside the training does not wait for its steps, nor they for it.
        self._beside = torch.cuda.Stream(device) if device.type == "cuda" else None

    def __len__(self) -> int:
        return self._filled

    def add(self, stacks: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
        """Keep stacks of entries, equally long, in the place of the oldest ones; says where."""
        count = len(next(iter(stacks.values())))
        at = (self._next + np.arange(count)) % self._capacity
        where = self._sent(at)
        for name, stack in stacks.items():
            self._kept[name][where] = self._sent(stack)
        self._next = (self._next + count) % self._capacity
        self._filled = min(self._capacity, self._filled + count)
        return at

    def _sent(self, stack: NDArray[Any]) -> Any:
        if self._beside is None:
            return torch.from_numpy(stack)
        with torch.cuda.stream(self._beside):
            sent = torch.from_numpy(stack).to(self._device)  # waits for this stream alone
        sent.record_stream(torch.cuda.current_stream())
        return sent

    def at(self, chosen: NDArray[np.int64]) -> dict[str, Any]:
        """The entries at these places of those that are kept, as stacks on the device."""
        where = torch.from_numpy(chosen).to(self._device, non_blocking=True)
        return {name: kept[where] for name, kept in self._kept.items()}

    def choose(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Places of `count` entries at random. Raises ValueError where there are none."""
        if not self._filled:
            raise ValueError("nothing has been drawn yet")
        return rng.integers(self._filled, size=count)

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, Any]:
        """`count` entries at random. Raises ValueError where there are none."""
        return self.at(self.choose(count, rng))

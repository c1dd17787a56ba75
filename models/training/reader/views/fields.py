"""Random fields and masks for stacks of crops on the device that trains."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.training.common.camera import column
from models.training.common.slots import HEIGHT, WIDTH

Room = NDArray[np.float32]
"""(n,) in 0..1: how much more each crop may suffer."""


def chosen(room: Room, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which crops suffer something, those with more room more often."""
    return np.flatnonzero(rng.random(len(room)) < share * (0.25 + 1.5 * room))


def blended(light: Any, some: NDArray[np.int64], change: Any) -> Any:
    at = torch.from_numpy(some).to(light.device, non_blocking=True)
    out = light.clone()
    out[at] = change(light[at])
    return out


def field(n: int, cells: tuple[int, int], device: Any) -> Any:
    """Smooth noise (n, 1, HEIGHT, WIDTH), about normal."""
    coarse = torch.randn(n, 1, *cells, device=device)
    return 1.4 * functional.interpolate(
        coarse, (HEIGHT, WIDTH), mode="bicubic", align_corners=False
    )


def axes(like: Any) -> tuple[Any, Any]:
    x = torch.linspace(-1, 1, WIDTH, device=like.device)[None, None, None]
    y = torch.linspace(-1, 1, HEIGHT, device=like.device)[None, None, :, None]
    return x, y


def ramps(n: int, like: Any, rng: np.random.Generator) -> Any:
    """Planes (n, 1, HEIGHT, WIDTH) that rise from -1 to 1, each along a direction of its own."""
    x, y = axes(like)
    angle = rng.uniform(0, 2 * math.pi, n)
    return column(np.cos(angle), like) * x + column(np.sin(angle), like) * y

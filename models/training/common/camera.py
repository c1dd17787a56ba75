"""What lenses and coding do to stacks of pictures on the device that trains. Which picture suffers
what is drawn on the host, so that the device need not be waited for."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

TAPS = 13  # px, side of a lens's kernel
RAYS = 24  # points of which a kernel is made
JPEG = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""Quantisation of brightness at quality 50 (ITU-T T.81, table K.1)."""

Numbers = NDArray[np.float64]


def column(values: NDArray[Any], like: Any) -> Any:
    """One number a picture, (n, 1, 1, 1) float32 on the device of `like`."""
    numbers = torch.from_numpy(np.asarray(values, np.float32))
    return numbers.to(like.device, non_blocking=True)[:, None, None, None]


def paths(
    strong: NDArray[Any], rng: np.random.Generator, *, length: float, disc: float, bell: float
) -> tuple[Numbers, Numbers]:
    """How light is spread: (n, RAYS, 2) points x, y in pixels, and the width of the bell at each.

    A movement along a bent path while the shutter was open, up to about `length` pixels, a disc
    out of focus of up to about the radius `disc`, or a bell of up to about the width `bell`; the
    more the larger `strong` (n,) is, from 0 to 1.
    """
    n, kind = len(strong), rng.random(len(strong))
    # A movement: a path of constant speed and turn.
    turn = rng.normal(0, 1.0, n)
    time = (np.arange(RAYS) + 0.5) / RAYS - 0.5
    heading = rng.uniform(0, 2 * math.pi, n)[:, None] + turn[:, None] * time
    heading = np.where(rng.random((n, 1)) < 0.5, np.round(heading / math.pi) * math.pi, heading)
    path = np.stack([np.cos(heading), np.sin(heading)], -1)
    path = np.cumsum(path * ((1 + length * strong) / RAYS)[:, None, None], 1)
    path -= path.mean(1, keepdims=True)
    # A disc: a spiral of even density.
    spiral = np.sqrt((np.arange(RAYS) + 0.5) / RAYS)
    angle = np.arange(RAYS) * math.pi * (3 - math.sqrt(5))
    round_ = np.stack([spiral * np.cos(angle), spiral * np.sin(angle)], -1)
    points = np.where(
        (kind < 0.45)[:, None, None], path, round_ * (0.5 + disc * strong)[:, None, None]
    )
    points[kind > 0.8] = 0
    return points, np.where(kind > 0.8, 0.35 + bell * strong, 0.45)


def kernels(points: Numbers, width: Numbers, like: Any) -> Any:
    """(n, 1, TAPS, TAPS) that sum to one: a bell of `width` pixels at each of the points."""
    where = torch.from_numpy(points.astype(np.float32)).to(like.device)
    bell = column(width, like)[:, 0]
    taps = torch.arange(TAPS, device=like.device) - TAPS // 2.0
    across = torch.exp(-0.5 * ((taps - where[..., :1]) / bell) ** 2)
    down = torch.exp(-0.5 * ((taps - where[..., 1:]) / bell) ** 2)
    kernels = down.transpose(1, 2) @ across
    return (kernels / kernels.sum((1, 2), keepdim=True))[:, None]


def compressed(light: Any, quality: Numbers, offset: Sequence[int]) -> Any:
    """Pictures (n, 1, h, w) in 0..255 through the quantised cosine transform of JPEG. The first
    block begins `offset` rows and columns before the picture."""
    height, width = light.shape[-2:]
    top, left = offset
    edges = (left, -(left + width) % 8, top, -(top + height) % 8)
    padded = functional.pad(light, edges, "replicate") - 128
    n, _, tall, wide = padded.shape
    blocks = padded.reshape(n, tall // 8, 8, wide // 8, 8).transpose(2, 3)
    k = torch.arange(8, device=light.device)
    cosine = torch.cos((2 * k[None] + 1) * k[:, None] * math.pi / 16) / 2
    cosine[0] /= math.sqrt(2)
    scale = np.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = torch.tensor(JPEG, device=light.device, dtype=light.dtype)
    steps = (steps * column(scale, light)).clamp(1, 255)[:, :, None]
    coded = (cosine @ blocks @ cosine.T / steps).round() * steps
    decoded = (cosine.T @ coded @ cosine).transpose(2, 3).reshape(n, 1, tall, wide) + 128
    return decoded[..., top : top + height, left : left + width].clamp(0, 255)

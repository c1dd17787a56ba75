"""Another dirt, another light, another lens and another sensor than the renderer's, for stacks of
crops on the device that trains.

The renderer harms a plate before the crop is cut, one crop at a time on a processor. What is here
harms stored crops once more whenever they are shown, thousands a second, each time differently;
made in other ways, so that the reader does not learn the one renderer's faults by heart. Crops
are (n, 1, HEIGHT, WIDTH) float32 in [0, 255]; how much each may still suffer is its `room` in
0..1, on the host. Which crops suffer what is drawn on the host too, so that the device need not
be waited for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.training.common.slots import HEIGHT, WIDTH
from models.training.reader.views.fields import Room, column
from models.training.reader.views.surface import lit, soiled

CHUNK = 128  # crops that one sensor sees: it has one size
TAPS = 13  # px, side of a lens's kernel
RAYS = 24  # points of which a kernel is made
LEAST = 0.2  # smallest side of a sensor, share of the crop's
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network is shown: `images` (n, 1, HEIGHT, WIDTH) float32 in [0, 255] and `places`
    (n, SLOTS, 2) as shares of the crop."""

    images: Any
    places: Any


def look_again(images: Any, places: Any, room: Room, rng: np.random.Generator) -> Shown:
    """Crops (n, HEIGHT, WIDTH) uint8 and their places as another camera would have taken them."""
    light = images[:, None].float()
    light, places = moved(light, places, room, rng)
    light = soiled(light, room, rng)
    light = lit(light, room, rng)
    light = through_lens(light, room, rng)
    return Shown(recorded(light, room, rng), places)


def moved(light: Any, places: Any, room: Room, rng: np.random.Generator) -> tuple[Any, Any]:
    """Shifted, turned, sheared and seen a little from the side."""
    n = len(light)
    turn = rng.normal(0, 0.035, n) * (0.4 + 0.6 * room)
    wide = np.where(rng.random(n) < 0.15, 0.08, 0.03)  # some detectors cut badly
    across, down = np.exp(rng.normal(0, 1, (2, n)) * wide)
    matrix = np.zeros((n, 3, 3))
    # What is shown at a place comes from where the matrix sends it, both in -1..1.
    matrix[:, 0, 0], matrix[:, 0, 1] = across, turn * HEIGHT / WIDTH + rng.normal(0, 0.02, n)
    matrix[:, 1, 0], matrix[:, 1, 1] = -turn * WIDTH / HEIGHT, down
    matrix[:, :2, 2] = rng.normal(0, 0.03, (n, 2))
    matrix[:, 2, :2] = rng.normal(0, 0.03, (n, 2)) * room[:, None]
    matrix[:, 2, 2] = 1
    there = torch.from_numpy(matrix.astype(np.float32)).to(light.device)
    back = torch.from_numpy(np.linalg.inv(matrix).astype(np.float32)).to(light.device)
    x = (torch.arange(WIDTH, device=light.device) + 0.5) / WIDTH * 2 - 1
    y = (torch.arange(HEIGHT, device=light.device) + 0.5) / HEIGHT * 2 - 1
    flat = torch.stack(
        [
            x.expand(HEIGHT, WIDTH),
            y[:, None].expand(HEIGHT, WIDTH),
            torch.ones_like(x).expand(HEIGHT, WIDTH),
        ]
    )
    seen = there @ flat.reshape(3, -1)
    grid = (seen[:, :2] / seen[:, 2:]).transpose(1, 2).reshape(n, HEIGHT, WIDTH, 2)
    light = functional.grid_sample(
        light, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    ).clamp(0, 255)
    points = torch.cat([places * 2 - 1, torch.ones_like(places[..., :1])], -1) @ back.transpose(
        1, 2
    )
    return light, (points[..., :2] / points[..., 2:] + 1) / 2


def through_lens(light: Any, room: Room, rng: np.random.Generator) -> Any:
    """Out of focus, as a disc or a bell, or moved along a bent path while the shutter was open."""
    # Always as many, since a convolution of a new shape is slow to begin.
    n = (len(room) + 1) // 2
    some = np.argsort(rng.random(len(room)) / (0.25 + 1.5 * room))[:n]
    kind = rng.random(n)
    strong = room[some] * rng.random(n) ** 1.5
    # A movement: a path of constant speed and turn.
    length, turn = 1 + 10 * strong, rng.normal(0, 1.0, n)
    time = (np.arange(RAYS) + 0.5) / RAYS - 0.5
    heading = rng.uniform(0, 2 * math.pi, n)[:, None] + turn[:, None] * time
    heading = np.where(rng.random((n, 1)) < 0.5, np.round(heading / math.pi) * math.pi, heading)
    path = np.stack([np.cos(heading), np.sin(heading)], -1) * (length / RAYS)[:, None, None]
    path = np.cumsum(path, 1)
    path -= path.mean(1, keepdims=True)
    # A disc: a spiral of even density.
    spiral = np.sqrt((np.arange(RAYS) + 0.5) / RAYS)
    angle = np.arange(RAYS) * math.pi * (3 - math.sqrt(5))
    disc = np.stack([spiral * np.cos(angle), spiral * np.sin(angle)], -1)
    disc = disc * (0.5 + 3.2 * strong)[:, None, None] * np.array([1.0, 0.8])
    points = np.where((kind < 0.45)[:, None, None], path, disc)
    points[kind > 0.8] = 0
    width = np.where(kind > 0.8, 0.35 + 2.4 * strong, 0.45)
    kernels = _kernels(points, width, light)
    picture = functional.pad(
        light[torch.from_numpy(some).to(light.device)], (TAPS // 2,) * 4, "replicate"
    )
    blurred = functional.conv2d(picture.transpose(0, 1), kernels, groups=n).transpose(0, 1)
    out = light.clone()
    out[torch.from_numpy(some).to(light.device)] = blurred
    return out


def _kernels(points: NDArray[np.float64], width: NDArray[np.float64], like: Any) -> Any:
    """(n, 1, TAPS, TAPS) that sum to one: a bell of `width` pixels at each of the points."""
    where = torch.from_numpy(points.astype(np.float32)).to(like.device)
    bell = column(width, like)[:, 0]
    taps = torch.arange(TAPS, device=like.device) - TAPS // 2.0
    across = torch.exp(-0.5 * ((taps - where[..., :1]) / bell) ** 2)
    down = torch.exp(-0.5 * ((taps - where[..., 1:]) / bell) ** 2)
    kernels = down.transpose(1, 2) @ across
    return (kernels / kernels.sum((1, 2), keepdim=True))[:, None]


def recorded(light: Any, room: Room, rng: np.random.Generator) -> Any:
    """Sampled by sensors of their own sizes, with their noise, sharpened, coded, and brought back
    to the crop's size."""
    parts = [
        _recorded(light[i : i + CHUNK], room[i : i + CHUNK], rng)
        for i in range(0, len(light), CHUNK)
    ]
    return torch.cat(parts)


def _recorded(light: Any, room: Room, rng: np.random.Generator) -> Any:
    n, spare = len(light), float(room.mean())
    if rng.random() < 0.45:
        scale = math.exp(math.log(LEAST) * spare * rng.random())
        stretch = math.exp(rng.normal(0, 0.15))
        tall = round(min(1.0, scale * stretch) * HEIGHT)
        wide = round(min(1.0, scale / stretch) * WIDTH)
        aliased = rng.random() < 0.15
        light = functional.interpolate(
            light,
            (max(10, tall), max(20, wide)),
            mode="nearest" if aliased else "bilinear",
            antialias=not aliased,
            **({} if aliased else {"align_corners": False}),
        )
    noisy = (rng.random(n) < 0.2 + 0.4 * room) * (0.3 + 0.7 * room)
    read, shot = (column(noisy * rng.gamma(1.2, scale, n), light) for scale in (3.5, 0.35))
    sigma = (read**2 + shot**2 * light.clamp(0, 255)).clamp(0, 900).sqrt()
    light = light + sigma * torch.randn_like(light)
    if rng.random() < 0.1:
        rows = column(rng.uniform(0, 8, n) * room, light)
        light = light + rows * torch.randn_like(light[..., :1])
    if rng.random() < 0.3:  # an automatic gain brings the noise of the dark up
        level = light.flatten(1).mean(1).clamp(min=4)[:, None, None, None]
        light = light * (rng.uniform(70, 150) / level).clamp(0.6, 6)
    if rng.random() < 0.4:
        soft = functional.avg_pool2d(functional.pad(light, (1,) * 4, "replicate"), 3, 1)
        light = light + column(rng.uniform(-0.6, 1.4, n), light) * (light - soft)
    light = light.clamp(0, 255).round()
    if rng.random() < 0.5:
        worst = 8 + 60 * (1 - spare)
        quality = np.exp(rng.uniform(math.log(worst), math.log(95), n))
        light = compressed(light, quality, rng.integers(0, 8, 2).tolist())
    if light.shape[-2:] != (HEIGHT, WIDTH):
        light = functional.interpolate(light, (HEIGHT, WIDTH), mode="bicubic", align_corners=False)
    return light.clamp(0, 255)


def compressed(light: Any, quality: NDArray[np.float64], offset: Sequence[int]) -> Any:
    """Through the quantised cosine transform of JPEG. The first block begins `offset` rows and
    columns before the picture."""
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

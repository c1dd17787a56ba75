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
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from models.training.common.camera import TAPS, column, compressed, kernels, paths
from models.training.common.slots import HEIGHT, WIDTH
from models.training.reader.views.fields import Room
from models.training.reader.views.surface import lit, soiled

CHUNK = 128  # crops that one sensor sees: it has one size
LEAST = 0.2  # smallest side of a sensor, share of the crop's


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
    strong = room[some] * rng.random(n) ** 1.5
    points, width = paths(strong, rng, length=10.0, disc=3.2, bell=2.4)
    taps = kernels(points * np.array([1.0, 0.8]), width, light)
    picture = functional.pad(
        light[torch.from_numpy(some).to(light.device)], (TAPS // 2,) * 4, "replicate"
    )
    blurred = functional.conv2d(picture.transpose(0, 1), taps, groups=n).transpose(0, 1)
    out = light.clone()
    out[torch.from_numpy(some).to(light.device)] = blurred
    return out


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

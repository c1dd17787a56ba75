"""Another place, another light, lens and sensor whenever a view is shown, for stacks of views on
the device that trains. Which views suffer what is drawn on the host."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.training.common.camera import column, compressed, kernels, paths
from models.training.detector.augment import LEAST_VISIBLE, PADDING, SMALLEST_PLATE

CHUNK = 32  # views that one sensor sees: it has one size

Numbers = NDArray[np.float64]


def look_again(pictures: Any, boxes: Any, plates: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Views (n, h, w, 3) uint8 BGR with boxes and what they are (`views.Labels`) as another camera
    would have taken them: images (n, 3, h, w) float32 RGB in [0, 1], and the plates' boxes
    (n, MOST, 4), 0 where there is none."""
    light = pictures.permute(0, 3, 1, 2).float()
    light, boxes = moved(light, boxes, rng)
    beside = (light - PADDING).abs().amax(1, keepdim=True) < 0.5
    seen = lit(light, boxes, plates, rng)
    seen = recorded(through_lens(seen, rng), rng)
    light = torch.where(beside, light.new_tensor(float(PADDING)), seen)
    images = (light / 255).flip(1).contiguous(memory_format=torch.channels_last)
    return images, boxes * (plates == 1)[..., None]


def moved(light: Any, boxes: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Shifted, and made a little larger or smaller; boxes that are cut too much are no more."""
    n, _, height, width = light.shape
    zoom = np.exp(rng.uniform(-0.2, 0.2, n))
    zoom = np.where(rng.random(n) < 0.5, zoom, 1.0)[:, None] * np.exp(rng.normal(0, 0.02, (n, 2)))
    shift = rng.uniform(-1, 1, (n, 2)) * np.where(rng.random(n) < 0.5, 0.12, 0.02)[:, None]
    matrix = np.zeros((n, 2, 3))
    matrix[:, 0, 0], matrix[:, 1, 1] = (1 / zoom).T
    matrix[:, :, 2] = shift
    there = torch.from_numpy(matrix.astype(np.float32)).to(light.device, non_blocking=True)
    grid = functional.affine_grid(there, list(light.shape), align_corners=False)
    light = functional.grid_sample(light - PADDING, grid, align_corners=False) + PADDING
    # What is shown at x comes from x / zoom + shift, in halves of a side about the middle.
    extent = torch.tensor([width, height], device=light.device)
    scale = torch.from_numpy(zoom.astype(np.float32)).to(light.device, non_blocking=True)[:, None]
    away = torch.from_numpy(shift.astype(np.float32)).to(light.device, non_blocking=True)[:, None]
    corners = boxes.reshape(n, -1, 2) / extent * 2 - 1
    corners = ((corners - away) * scale + 1) / 2 * extent
    there = corners.reshape(boxes.shape)
    cut = torch.minimum(there.clamp(min=0), torch.cat([extent, extent]))
    sides, whole = (each[..., 2:] - each[..., :2] for each in (cut, there))
    kept = (sides.prod(-1) >= LEAST_VISIBLE * whole.prod(-1)) & (sides[..., 1] >= 3)
    kept = kept & (sides[..., 0] >= SMALLEST_PLATE) & (boxes[..., 2] > 0)
    return light, cut * kept[..., None]


def lit(light: Any, boxes: Any, plates: Any, rng: np.random.Generator) -> Any:
    """Brighter, darker, in another colour; by night, some of it with plates and signs that
    throw the light back."""
    n = len(light)
    gamma = np.exp(rng.normal(0, 0.2, n))
    gain, bias = np.exp(rng.normal(0, 0.15, n)), rng.normal(0, 10, n)
    dim = rng.random(n) < 0.18
    gain = np.where(dim, gain * np.exp(rng.uniform(math.log(0.12), math.log(0.6), n)), gain)
    gamma = np.where(dim, gamma * rng.uniform(1.0, 1.7, n), gamma)
    bias = np.where(dim, np.abs(bias) * 0.5, bias)
    tint = np.exp(rng.normal(0, np.where(rng.random(n) < 0.15, 0.15, 0.05)[:, None], (n, 3)))
    light = 255 * (light / 255).clamp(1e-4, 1) ** column(gamma, light)
    flashed = np.flatnonzero(dim & (rng.random(n) < 0.35))
    if len(flashed):
        where = torch.from_numpy(flashed).to(light.device, non_blocking=True)
        back = column(rng.uniform(1.5, 5, len(flashed)), light)
        glow = _masks(boxes[where], plates[where], light.shape[-2:], rng)
        light[where] = light[where] * (1 + (back - 1) * glow)
    light = light * column(gain, light) * _triples(tint, light) + column(bias, light)
    grey = np.flatnonzero(rng.random(n) < 0.12)
    if len(grey):
        where = torch.from_numpy(grey).to(light.device, non_blocking=True)
        light[where] = brightness(light[where]).expand(-1, 3, -1, -1)
    return light.clamp(0, 255)


def _masks(boxes: Any, plates: Any, size: tuple[int, int], rng: np.random.Generator) -> Any:
    """(n, 1, h, w) in 0..1: the boxes of plates and, mostly, of decoys, softly."""
    shown = (plates == 1) | ((plates == 2) & bool(rng.random() < 0.7))
    x = torch.arange(size[1], device=boxes.device) + 0.5
    y = torch.arange(size[0], device=boxes.device) + 0.5
    across = (x >= boxes[..., :1]) & (x <= boxes[..., 2:3])
    down = (y >= boxes[..., 1:2]) & (y <= boxes[..., 3:4])
    mask = (down[..., :, None] & across[..., None, :] & shown[..., None, None]).any(1, True)
    return functional.avg_pool2d(mask.float(), 3, 1, 1)


def through_lens(light: Any, rng: np.random.Generator) -> Any:
    """A third of them out of focus or moved while the shutter was open."""
    n = (len(light) + 2) // 3
    some = torch.from_numpy(rng.permutation(len(light))[:n]).to(light.device, non_blocking=True)
    strong = rng.random(n) ** 2
    points, width = paths(strong, rng, length=9.0, disc=2.2, bell=1.4)
    taps = kernels(points, width, light).repeat_interleave(3, 0)
    chosen = light[some]
    reach = taps.shape[-1] // 2
    padded = functional.pad(chosen, (reach,) * 4, "replicate").reshape(
        1, -1, chosen.shape[2] + 2 * reach, chosen.shape[3] + 2 * reach
    )
    light = light.clone()
    light[some] = functional.conv2d(padded, taps, groups=len(taps)).reshape(chosen.shape)
    return light


def recorded(light: Any, rng: np.random.Generator) -> Any:
    """Sampled by sensors of their own sizes, with their noise, sharpened and coded."""
    return torch.cat([_recorded(part, rng) for part in light.split(CHUNK)])


def _recorded(light: Any, rng: np.random.Generator) -> Any:
    n, size = len(light), light.shape[-2:]
    if rng.random() < 0.25:
        scale = rng.uniform(0.4, 0.95)
        aliased = rng.random() < 0.3
        small = [round(side * scale) for side in size]
        how: dict[str, Any] = (
            {"mode": "nearest"} if aliased else {"mode": "bilinear", "antialias": True}
        )
        light = functional.interpolate(light, small, **how)
        light = functional.interpolate(light, list(size), mode="bilinear", align_corners=False)
    noisy = rng.random(n) < 0.4
    read, shot = (column(noisy * rng.gamma(1.2, scale, n), light) for scale in (3.0, 0.3))
    sigma = (read**2 + shot**2 * light).clamp(0, 900).sqrt()
    light = light + sigma * torch.randn_like(light)
    if rng.random() < 0.15:  # an automatic gain brings the noise of the dark up
        level = light.flatten(1).mean(1).clamp(min=4)[:, None, None, None]
        light = light * (rng.uniform(60, 130) / level).clamp(1, 5)
    if rng.random() < 0.35:
        soft = functional.avg_pool2d(functional.pad(light, (1,) * 4, "replicate"), 3, 1)
        light = light + column(rng.uniform(-0.3, 1.4, n), light) * (light - soft)
    light = light.clamp(0, 255).round()
    if rng.random() < 0.4:
        before = brightness(light)
        quality = np.exp(rng.uniform(math.log(20), math.log(92), n))
        light = light + compressed(before, quality, rng.integers(0, 8, 2).tolist()) - before
    return light.clamp(0, 255)


def brightness(light: Any) -> Any:
    """(n, 1, h, w) of BGR pictures (n, 3, h, w), as JPEG weighs them."""
    return 0.114 * light[:, :1] + 0.587 * light[:, 1:2] + 0.299 * light[:, 2:]


def _triples(values: Numbers, like: Any) -> Any:
    return torch.from_numpy(values.astype(np.float32)).to(like.device)[:, :, None, None]

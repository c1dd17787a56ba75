"""What lies on a plate and what falls on it, for stacks of crops (`camera.py`)."""

from typing import Any

import numpy as np
import torch

from models.training.common.camera import column
from models.training.reader.views.fields import Room, axes, blended, chosen, field, ramps


def soiled(light: Any, room: Room, rng: np.random.Generator) -> Any:
    """Mud, splashes, streaks and dust, and narrow things in front of the plate."""
    for cells, share, sparse in (
        ((3, 6), 0.10, 0.3),  # mud
        ((24, 48), 0.06, 1.9),  # splashes
        ((2, 44), 0.05, 0.4),  # what rain left
        ((26, 3), 0.03, 0.9),  # scratches
    ):
        some = chosen(room, share, rng)
        if not len(some):
            continue
        spots = field(len(some), cells, light.device)
        if cells == (3, 6):
            spots = spots + 0.5 * field(len(some), (9, 18), light.device)
            spots = spots + 0.35 * field(len(some), (30, 60), light.device)
            spots = spots + column(rng.normal(0, 0.8, len(some)), light) * ramps(
                len(some), light, rng
            )
        bar = column(rng.uniform(sparse, sparse + 1.0, len(some)), light)
        mask = ((spots - bar) * column(rng.uniform(1.5, 8, len(some)), light)).clamp(0, 1)
        strength = column(rng.uniform(0.25, 0.9, len(some)) * room[some], light)
        colour = column(rng.uniform(25, 190, len(some)), light)
        colour = colour + 12 * field(len(some), (12, 24), light.device)
        light = blended(light, some, lambda x, m=mask, s=strength, c=colour: x + (c - x) * m * s)
    some = chosen(room, 0.06, rng)
    if len(some):
        veil = column(rng.uniform(60, 200, len(some)), light)
        share = column(rng.uniform(0.1, 0.6, len(some)) * room[some], light)
        share = share * (1 + 0.4 * field(len(some), (3, 5), light.device)).clamp(0.2, 1.6)
        light = blended(light, some, lambda x: x + (veil - x) * share.clamp(0, 0.8))
    some = chosen(room, 0.03, rng)
    if len(some):
        lean = ramps(len(some), light, rng) - column(rng.uniform(-0.7, 0.7, len(some)), light)
        thin = column(rng.uniform(0.01, 0.045, len(some)), light)
        mask = (1.5 - lean.abs() / thin).clamp(0, 1)
        colour = column(rng.uniform(10, 230, len(some)), light)
        light = blended(light, some, lambda x: x + (colour - x) * mask)
    return light


def lit(light: Any, room: Room, rng: np.random.Generator) -> Any:
    """Gain, contrast and gamma, slopes, shadows, reflections, and the dark."""
    n = len(light)
    spread = 0.35 + 0.65 * room
    gamma = np.exp(rng.normal(0, 0.28, n) * spread)
    gain = np.exp(rng.normal(0, 0.22, n) * spread)
    dark = rng.random(n) < 0.12 * room
    gain = np.where(dark, rng.uniform(0.08, 0.4, n), gain)
    light = 255 * (light / 255).clamp(1e-4, 1) ** column(gamma, light)
    slope = column(rng.normal(0, 0.2, n) * spread, light) * ramps(n, light, rng)
    light = light * (1 + slope) * column(gain, light) + column(rng.normal(0, 14, n) * spread, light)
    some = chosen(room, 0.15, rng)
    if len(some):
        depth = column(rng.uniform(0.2, 0.75, len(some)) * (0.3 + 0.7 * room[some]), light)
        edge = ramps(len(some), light, rng) - column(rng.uniform(-0.8, 0.8, len(some)), light)
        edge = edge + 0.3 * field(len(some), (3, 4), light.device)
        shade = torch.sigmoid(edge * column(np.exp(rng.uniform(1, 4.5, len(some))), light))
        light = blended(light, some, lambda x: x * (1 - depth * shade))
    some = chosen(room, 0.08, rng)
    if len(some):
        x, y = axes(light)
        x = x - column(rng.uniform(-1, 1, len(some)), light)
        y = y - column(rng.uniform(-1, 1, len(some)), light)
        wide = column(np.exp(rng.uniform(-2.2, 0, len(some))), light)
        spot = torch.exp(-(x**2 + (0.6 * y) ** 2) / wide**2)
        strong = column(rng.uniform(40, 230, len(some)) * room[some], light)
        light = blended(light, some, lambda z: z + strong * spot)
    some = chosen(room, 0.02, rng)
    if len(some):
        light = blended(light, some, lambda x: 255 - x)
    return light.clamp(0, 400)

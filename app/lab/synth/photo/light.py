"""What falls on the plate: sun, shade, lamps, glare. Works on (h, w, 3) float32 BGR, 0..255."""

import numpy as np
from numpy.typing import NDArray

from app.lab.synth.photo.conditions import Conditions
from app.lab.synth.photo.texture import Field, clouds, ramp

_INFRARED = np.array([0.1, 0.2, 0.7], np.float32)
"""How blue, green and red show under infrared: red ink all but vanishes."""


def illuminate(
    rng: np.random.Generator, scene: Field, plate_mask: Field, conditions: Conditions
) -> Field:
    """The scene as it is lit. `plate_mask` (h, w) float32 0..1 tells what throws light back."""
    height, width = plate_mask.shape
    gain = np.full((height, width), conditions.exposure, np.float32)
    gain *= 1 + conditions.gradient * ramp(height, width, float(rng.uniform(0, np.pi)))
    if conditions.shadow:
        gain *= 1 - conditions.shadow * _shade(rng, height, width)
    if conditions.light == "night":
        gain *= 1 - 0.6 * (1 - plate_mask)
        if rng.random() < 0.6:
            gain *= _lamp(rng, height, width)
    elif conditions.light in {"flash", "infrared"}:
        gain *= 0.25 + 0.75 * plate_mask
    lit = scene
    if conditions.light == "infrared":
        grey = scene @ _INFRARED
        lit = np.repeat(grey[..., None], 3, axis=2)
    elif conditions.tint != (1.0, 1.0, 1.0):
        lit = scene * np.array(conditions.tint, np.float32)
    lit = lit * gain[..., None]
    if conditions.light == "flash":
        lit += 255 * float(rng.uniform(0, 0.25)) * conditions.exposure * plate_mask[..., None]
    if conditions.haze:
        veil = np.array(rng.uniform(120, 225) * np.array(conditions.tint), np.float32)
        veil *= conditions.exposure
        lit += (veil - lit) * (0.75 * conditions.haze)
    if conditions.glare:
        lit += _glare(rng, height, width, conditions.glare)[..., None]
    return np.asarray(lit, np.float32)


def _shade(rng: np.random.Generator, height: int, width: int) -> Field:
    """The edge of a shadow across the plate, or the dapple of leaves; 1 in full shade."""
    if rng.random() < 0.7:
        field = ramp(height, width, float(rng.uniform(0, 2 * np.pi)))
        edge = (field - rng.uniform(-0.6, 0.6)) * rng.uniform(4, 40)
        return np.asarray(np.clip(edge, 0, 1), np.float32)
    field = clouds(rng, height, width, int(rng.integers(3, 7)))
    return np.asarray(np.clip((field - 0.5) * 8 + 0.5, 0, 1), np.float32)


def _lamp(rng: np.random.Generator, height: int, width: int) -> Field:
    """The lamps above a rear plate: bright below each, falling off downwards."""
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    spots = (0.5,) if rng.random() < 0.4 else (0.25, 0.75)
    reach = float(rng.uniform(0.2, 0.45))
    across = sum(np.exp(-(((x - spot) / reach) ** 2)) for spot in spots)
    light: NDArray[np.float32] = 0.55 + 0.9 * across * np.exp(-1.6 * y)
    return light


def _glare(rng: np.random.Generator, height: int, width: int, strength: float) -> Field:
    """A reflection: a round patch of light, or a band across."""
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :] - np.float32(rng.uniform(0, 1))
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] - np.float32(rng.uniform(0, 1))
    if rng.random() < 0.6:
        rx, ry = rng.uniform(0.08, 0.4), rng.uniform(0.2, 0.8)
        spot = np.exp(-((x / rx) ** 2 + (y / ry) ** 2))
    else:
        lean, thick = rng.normal(0, 0.6), rng.uniform(0.05, 0.2)
        spot = np.exp(-(((x + lean * y) / thick) ** 2))
    return np.asarray(spot * (270 * strength), np.float32)

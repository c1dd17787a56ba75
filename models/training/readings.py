"""Training crops for the reader: rendered plates in the main, real ones among them.

Crop `index` is a pure function of (sources, index, seed).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.crops import RealCrop, jittered
from models.training.rendered import RenderedCrop
from models.training.slots import HEIGHT, SLOTS, WIDTH, encode

Image = NDArray[np.uint8]
Render = Callable[[np.random.Generator], RenderedCrop]


class Reading(NamedTuple):
    """`image` (70, 140) uint8, `classes` (SLOTS,), `places` (SLOTS, 2) as shares of the crop's
    width and height, NaN where not known."""

    image: Image
    classes: NDArray[np.int64]
    places: NDArray[np.float32]


def joined(first: Reading, second: Reading) -> Reading:
    """Two stacks of readings as one."""
    return Reading(
        np.concatenate([first.image, second.image]),
        np.concatenate([first.classes, second.classes]),
        np.concatenate([first.places, second.places]),
    )


def prepare(crop: Image) -> Image:
    """BGR crop to (70, 140) uint8 grey, as fast-plate-ocr resizes it."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def draw_reading(
    render: Render, real: Sequence[RealCrop], real_share: float, index: int, seed: int
) -> Reading:
    """The `index`-th training crop."""
    places = np.full((SLOTS, 2), np.nan, np.float32)
    rng = np.random.default_rng((seed, index))
    if rng.random() < real_share:
        chosen = real[int(rng.integers(len(real)))]
        return Reading(prepare(weather(jittered(chosen, rng), rng)), encode(chosen.text), places)
    crop = render(rng)
    places[: len(crop.text)] = crop.places
    return Reading(prepare(crop.image), encode(crop.text), places)


def weather(crop: Image, rng: np.random.Generator) -> Image:
    """Small turns, resolution loss, blur, light and noise for a crop that was photographed well."""
    height, width = crop.shape[:2]
    if rng.random() < 0.4:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 3), 1.0)
        turn[0, 1] += rng.normal(0, 0.06)
        crop = np.asarray(
            cv2.warpAffine(crop, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    if rng.random() < 0.4:
        shrink = np.exp(rng.uniform(np.log(0.35), 0)) if height > 20 else 1.0
        size = (max(20, round(width * shrink)), max(8, round(height * shrink)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.25:
        sigma = rng.uniform(0.3, 0.012 * crop.shape[1] + 0.4)
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)
    light = crop * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 20)
    if rng.random() < 0.3:
        light = light + rng.normal(0, rng.uniform(2, 15), crop.shape)
    return np.clip(light, 0, 255).astype(np.uint8)

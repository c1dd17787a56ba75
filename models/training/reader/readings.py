"""Training crops for the reader: rendered plates in the main, real ones among them.

A crop is a pure function of (sources, index, seed).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.common.crops import RealCrop, jittered, weather
from models.training.common.photos import Photo
from models.training.common.slots import HEIGHT, SLOTS, WIDTH, encode
from models.training.drawing.overlaid import exchanged_crop
from models.training.drawing.rendered import RenderedCrop, render_crop
from models.training.reader.views.blank import blank_crop
from models.training.reader.views.lettered import lettered_crop

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where crops come from, and in which shares; the rest is rendered from nothing.

    `real` are agreed readings, `photos` those over whose plates others, or panels, are laid,
    `plain` those of which parts without a plate are shown, `photos` where there are none.
    """

    real: Sequence[RealCrop] = ()
    photos: Sequence[Photo] = ()
    plain: Sequence[Photo] = ()
    real_share: float = 0.0
    photo_share: float = 0.0
    lettered_share: float = 0.0
    blank_share: float = 0.0


class Known(NamedTuple):
    """`classes` (SLOTS,), `places` (SLOTS, 2) as shares of the crop's width and height, NaN where
    not known, and `room` in 0..1 for more harm; or stacks of them."""

    classes: NDArray[np.int64]
    places: NDArray[np.float32]
    room: NDArray[np.float32]


class Reading(NamedTuple):
    """`image` (70, 140) uint8 and what is `known` of it."""

    image: Image
    known: Known


def draw_block(sources: Sources, first: int, seed: int, pictures: NDArray[np.uint8]) -> Known:
    """Fill `pictures` (n, 70, 140) with the training crops from number `first` on."""
    known = []
    for i, picture in enumerate(pictures):
        drawn = draw_reading(sources, first + i, seed)
        picture[:] = drawn.image
        known.append(drawn.known)
    return Known(*(np.stack(part) for part in zip(*known, strict=True)))


def prepare(crop: Image) -> Image:
    """BGR crop to (70, 140) uint8 grey, as fast-plate-ocr resizes it."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def draw_reading(sources: Sources, index: int, seed: int) -> Reading:
    """The `index`-th training crop."""
    rng = np.random.default_rng((seed, index))
    chance = rng.random() - sources.real_share
    if chance < 0:
        chosen = sources.real[int(rng.integers(len(sources.real)))]
        return real_reading(chosen, rng)
    chance -= sources.photo_share
    if chance < 0:
        return reading_of(exchanged_crop(sources.photos, rng))
    chance -= sources.blank_share
    if chance < 0:
        bare = sources.plain and rng.random() < 0.5
        return reading_of(blank_crop(sources.plain if bare else sources.photos, rng))
    return reading_of(lettered_crop(rng) if chance < sources.lettered_share else render_crop(rng))


def real_reading(crop: RealCrop, rng: np.random.Generator) -> Reading:
    """A real plate as another detector would have cut it; half of them in other weather."""
    image = jittered(crop, rng)
    room = np.float32(np.clip((image.shape[0] - 12) / 40, 0.1, 0.8))
    if rng.random() < 0.5:
        image, room = weather(image, rng), room / 2
    places = np.full((SLOTS, 2), np.nan, np.float32)
    known = Known(encode(crop.text), places, np.asarray(room, np.float32))
    return Reading(prepare(image), known)


def reading_of(crop: RenderedCrop) -> Reading:
    """What the network gets of a rendered crop."""
    places = np.full((SLOTS, 2), np.nan, np.float32)
    places[: len(crop.text)] = crop.places
    known = Known(encode(crop.text), places, np.asarray(crop.room, np.float32))
    return Reading(prepare(crop.image), known)

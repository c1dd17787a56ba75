"""What a detector takes for a plate and is none, as crops in which the reader is to read nothing:
dealers' panels, empty holders, lamps, badges."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.training.common.crops import crop_window, found_box, weather
from models.training.common.photos import Photo
from models.training.drawing.decoys import coverable, part, with_decoys
from models.training.drawing.rendered import RenderedCrop

PANEL_SHARE = 0.6  # the others are windows of parts without a plate
WINDOW = (0.25, 0.9)  # width of such a window, share of the part's
ASPECT = (1.2, 4.5)  # width over height


def blank_crop(photos: Sequence[Photo], rng: np.random.Generator) -> RenderedCrop:
    """A crop without characters."""
    while True:
        photo = photos[int(rng.integers(len(photos)))]
        found = panel(photo, rng) if rng.random() < PANEL_SHARE else window(photo, rng)
        if found is not None:
            shown, box = found
            left, top, right, bottom = crop_window(shown.image, box)
            crop = weather(shown.image[top:bottom, left:right], rng)
            return RenderedCrop(crop, "", np.empty((0, 2), np.float32))


def panel(photo: Photo, rng: np.random.Generator) -> tuple[Photo, NDArray[np.float64]] | None:
    """The photo with a panel over one of its plates, and about that one's box."""
    covered = coverable(photo)
    if not covered:
        return None
    decoy = with_decoys(photo, rng)
    box = photo.boxes[covered[int(rng.integers(len(covered)))]].tolist()
    return decoy, found_box(box, rng, spread=0.05, outward=0.05)


def window(photo: Photo, rng: np.random.Generator) -> tuple[Photo, NDArray[np.float64]] | None:
    """A part of the photo without a plate, and a box of a plate's proportions in it."""
    shown = part(photo, rng)
    if shown is None:
        return None
    height, width = shown.image.shape[:2]
    wide = width * rng.uniform(*WINDOW)
    tall = min(float(height), wide / rng.uniform(*ASPECT))
    left, top = rng.uniform(0, 1, 2) * (width - wide, height - tall)
    return shown, np.array([left, top, left + wide, top + tall])

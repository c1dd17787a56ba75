"""Photos whose plates are exchanged for rendered New Zealand ones, for the detector."""

from collections.abc import Sequence

import numpy as np

from app.synth.overlay import overlay
from models.training.photos import Photo

SMALLEST = 20.0  # px, width of a plate worth exchanging


def exchange_plates(photos: Sequence[Photo], seed: int) -> list[Photo]:
    """A copy of each photo with new plates in the place of the labelled ones, where they fit."""
    return [exchanged(photo, np.random.default_rng((seed, i))) for i, photo in enumerate(photos)]


def exchanged(photo: Photo, rng: np.random.Generator) -> Photo:
    """The photo with every plate replaced that is large enough and lies inside."""
    image, boxes, texts = photo.image, photo.boxes.copy(), list(photo.texts)
    height, width = image.shape[:2]
    for i, (x1, y1, x2, y2) in enumerate(photo.boxes.tolist()):
        ratio = (x2 - x1) / max(1.0, y2 - y1)
        inside = x1 > 1 and y1 > 1 and x2 < width - 1 and y2 < height - 1
        if not inside or x2 - x1 < SMALLEST or not 0.9 < ratio < 6:
            continue
        image, plate = overlay(rng, image, (x1, y1, x2, y2), mix="road", severity=None)
        left, top, right, bottom = plate.box
        boxes[i] = (max(0, left), max(0, top), min(width, right), min(height, bottom))
        texts[i] = plate.text
    return Photo(photo.name, photo.source, image, boxes, tuple(texts))

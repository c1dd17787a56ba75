"""Photos whose plates are exchanged for rendered ones, whole for the detector, cut for the reader;
and whole scenes that are rendered."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.lab.synth.photo.overlay import overlay
from app.lab.synth.scenes.scene import draw_scene
from models.training.common.crops import crop_window, found_box, weather
from models.training.common.photos import Photo
from models.training.drawing.rendered import (
    RenderedCrop,
    middles_seen,
    room_of,
    teaches,
    training_conditions,
    training_spec,
)

SMALLEST = 20.0  # px, width of a plate worth exchanging


def exchange_plates(photos: Sequence[Photo], seed: int, mix: str) -> list[Photo]:
    """A copy of each photo with new plates of a mix in the place of the labelled ones, where they
    fit."""
    return [
        exchanged(photo, np.random.default_rng((seed, i)), mix) for i, photo in enumerate(photos)
    ]


def drawn_scenes(count: int, seed: int) -> list[Photo]:
    """Vehicles with a plate of New Zealand, drawn from nothing."""
    scenes = (draw_scene(np.random.default_rng((seed, 5, i))) for i in range(count))
    return [
        Photo("drawn", "drawn", image, np.array([plate.box], np.float32), (plate.text,))
        for image, plate in scenes
    ]


def fitting(photo: Photo) -> list[int]:
    """The plates that are large enough, lie inside and have the proportions of a plate."""
    height, width = photo.image.shape[:2]
    return [
        i
        for i, (x1, y1, x2, y2) in enumerate(photo.boxes.tolist())
        if min(x1, y1) > 1
        and x2 < width - 1
        and y2 < height - 1
        and x2 - x1 >= SMALLEST
        and 0.9 < (x2 - x1) / max(1.0, y2 - y1) < 6
    ]


def exchanged_crop(photos: Sequence[Photo], rng: np.random.Generator) -> RenderedCrop:
    """One exchanged plate of one photo, cut out as a detector would."""
    while True:
        photo = photos[int(rng.integers(len(photos)))]
        choice = fitting(photo)
        if not choice:
            continue
        spec = training_spec(rng)
        box = _box(photo, choice[int(rng.integers(len(choice)))])
        conditions = training_conditions(rng)
        image, plate = overlay(rng, photo.image, box, spec=spec, conditions=conditions)
        if not teaches(plate, rng):
            continue
        found = found_box(plate.box, rng, spread=0.03, outward=0.02)
        left, top, right, bottom = crop_window(image, found)
        middles = middles_seen(spec, plate.quad) - np.array([left, top], np.float32)
        places = (middles / np.array([right - left, bottom - top])).astype(np.float32)
        shown = weather(image[top:bottom, left:right], rng)
        return RenderedCrop(shown, spec.text, places, 0.6 * room_of(plate))


def _box(photo: Photo, index: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = photo.boxes[index].tolist()
    return x1, y1, x2, y2


def exchanged(photo: Photo, rng: np.random.Generator, mix: str) -> Photo:
    """The photo with every plate replaced that is large enough and lies inside."""
    image, boxes, texts = photo.image, photo.boxes.copy(), list(photo.texts)
    height, width = image.shape[:2]
    for i in fitting(photo):
        conditions = training_conditions(rng)
        image, plate = overlay(rng, image, _box(photo, i), mix=mix, conditions=conditions)
        left, top, right, bottom = plate.box
        boxes[i] = (max(0, left), max(0, top), min(width, right), min(height, bottom))
        texts[i] = plate.text
    return replace(photo, image=image, boxes=boxes, texts=tuple(texts))

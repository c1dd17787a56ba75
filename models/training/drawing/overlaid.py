"""Photos whose plates are exchanged for rendered ones, whole for the detector, cut for the reader;
and whole scenes that are rendered."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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
    two_row_spec,
)

SMALLEST = 20.0  # px, width of a plate worth exchanging
TWO_ROW_SHARE = 0.2
EDGED_SHARE = 0.5  # of the plates: cut out and laid on, as other hands do
HARD_SHARE = 0.4  # of these: with a hard edge
SOFT = (0.4, 2.5)  # px, the width of the others' edges
FRAMED = (0.0, 0.08)  # of a plate's sides: what is laid on beyond its own edge


def drawn_scenes(count: int, seed: int, workers: int = 1) -> list[Photo]:
    """Vehicles with a plate of New Zealand, drawn from nothing, by so many processes."""
    numbers = [(seed, 5, i) for i in range(count)]
    if workers == 1:
        return [drawn_scene(number) for number in numbers]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(drawn_scene, numbers))


def drawn_scene(number: tuple[int, ...]) -> Photo:
    """The vehicle of a number."""
    image, plate = draw_scene(np.random.default_rng(number))
    return Photo("drawn", "drawn", image, np.array([plate.box], np.float32), (plate.text,))


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


def edged(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    quad: NDArray[np.float32],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """`after`, in which a plate has its corners at `quad`; or, by chance, `before` with the plate
    alone of it, with a hard or a soft edge. So what is drawn cannot be told by one kind of edge."""
    if rng.random() >= EDGED_SHARE:
        return after
    middle = quad.mean(0)
    corners = middle + (quad - middle) * (1 + rng.uniform(*FRAMED))
    mask = np.zeros(before.shape[:2], np.uint8)
    fine = (corners * 16).round().astype(np.int32)  # sixteenths of a pixel
    cv2.fillConvexPoly(mask, fine, (255,), cv2.LINE_AA, 4)
    left, top, right, bottom = inside(corners, before.shape)
    share: NDArray[Any] = mask[top:bottom, left:right].astype(np.float32) / 255
    if rng.random() >= HARD_SHARE:
        share = cv2.GaussianBlur(share, (0, 0), rng.uniform(*SOFT))
    image = before.copy()
    window = image[top:bottom, left:right]
    laid = after[top:bottom, left:right].astype(np.float32)
    window[:] = (window + (laid - window) * share[..., None] + 0.5).astype(np.uint8)
    return image


def inside(corners: NDArray[np.float32], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The whole pixels left, top, right, bottom around the corners, with room for soft edges."""
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 8, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 8, [shape[1], shape[0]])
    left, top = low.tolist()
    right, bottom = high.tolist()
    return left, top, max(left, right), max(top, bottom)


def exchanged(photo: Photo, rng: np.random.Generator, mix: str) -> Photo:
    """The photo with every plate replaced that is large enough and lies inside."""
    image: NDArray[np.uint8] = photo.image
    boxes, texts = photo.boxes.copy(), list(photo.texts)
    height, width = image.shape[:2]
    for i in fitting(photo):
        small = mix != "foreign" and rng.random() < TWO_ROW_SHARE
        laid, plate = overlay(
            rng,
            image,
            _box(photo, i),
            spec=two_row_spec(rng) if small else None,
            mix=mix,
            conditions=training_conditions(rng),
        )
        image = edged(image, laid, plate.quad, rng)
        left, top, right, bottom = plate.box
        boxes[i] = (max(0, left), max(0, top), min(width, right), min(height, bottom))
        texts[i] = plate.text
    return replace(photo, image=image, boxes=boxes, texts=tuple(texts))

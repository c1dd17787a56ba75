"""Training views for the detector: random affine and mosaics.

Every view is a pure function of (photos, index, size, seed), so that an interrupted run continues
with exactly the views it would have seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.common.photos import Photo

PADDING = 114
GRIDS = (1, 2, 3, 4)  # photos along each side of a view
GRID_SHARES = (0.45, 0.25, 0.22, 0.08)
FRAMED_SHARE = 0.5  # of the views of one photo: it fills the view, as the service's frames do
CUT_SHARE = 0.4  # of the photos: cut at random sides
SIDE_CUT_SHARE = 0.4  # of the sides of a cut photo
MIRRORED_SHARE = 0.4
TURNED_SHARE = 0.15  # of the photos, by so much narrower, as a vehicle's side turned to a camera
TURNED = (0.5, 0.9)
LEAST_DRAWN = 10.0  # px, width of a plate in the view where it is drawn
DISTANT_SHARE = 0.35  # of the plates whose width is drawn: far away
MOST_DISTANT = 34.0  # px, their greatest width
# Of views with photos made smaller. A frame of a camera is brought to the detector's size by
# interpolation between four of its pixels, whatever lies between them: it aliases, as the nearest
# pixel alone does where the photo is small already.
ALIASED_SHARE = 0.35
SMALLEST_PLATE = 7.0  # px in the view; smaller ones are left unlabelled
LEAST_VISIBLE = 0.5  # share of a plate's area inside the view

Image = NDArray[np.uint8]
Boxes = NDArray[np.float32]
Matrix = NDArray[np.float64]


class View(NamedTuple):
    """`image` (size, size, 3) uint8 BGR, PADDING beside the photos; `boxes` (n, 4) float32
    x1 y1 x2 y2 in its pixels, and those of the `decoys`."""

    image: Image
    boxes: Boxes
    decoys: Boxes


class Placed(NamedTuple):
    """A photo, the `cell` x1 y1 x2 y2 of the view that shows it, and the 2x3 `matrix` from its
    pixels to those of the cell."""

    photo: Photo
    cell: tuple[int, int, int, int]
    matrix: Matrix


def draw_view(photos: Sequence[Photo], index: int, *, size: int, seed: int) -> View:
    """The `index`-th training view, before a camera harms it (`camera.py`)."""
    rng = np.random.default_rng((seed, index))
    grid = int(rng.choice(GRIDS, p=GRID_SHARES))
    placed = []
    for cell in _mosaic_cells(rng, size, grid):
        photo = _varied(photos[int(rng.integers(len(photos)))], rng)
        width, height = cell[2] - cell[0], cell[3] - cell[1]
        framed = grid == 1 and rng.random() < FRAMED_SHARE
        place = _framing if framed else _placement
        placed.append(Placed(photo, cell, place(photo, (width, height), rng)))
    image = _painted(placed, size, aliased=bool(rng.random() < ALIASED_SHARE))
    boxes = np.concatenate([_moved(each, each.photo.boxes) for each in placed])
    return View(image, boxes, np.concatenate([_moved(each, each.photo.decoys) for each in placed]))


def _mosaic_cells(
    rng: np.random.Generator, size: int, grid: int
) -> list[tuple[int, int, int, int]]:
    """`grid` by `grid` cells, their borders moved by up to 0.2 of the even distance."""
    even = np.arange(1, grid) / grid
    across, down = (
        [0, *((even + rng.uniform(-0.2, 0.2, grid - 1) / grid) * size).astype(int).tolist(), size]
        for _ in range(2)
    )
    return [(x1, y1, x2, y2) for y1, y2 in pairwise(down) for x1, x2 in pairwise(across)]


def _varied(photo: Photo, rng: np.random.Generator) -> Photo:
    if rng.random() < MIRRORED_SHARE:
        photo = mirrored(photo)
    return trimmed(photo, rng) if rng.random() < CUT_SHARE else photo


def mirrored(photo: Photo) -> Photo:
    """The photo seen in a mirror, but for its plates and decoys."""
    image = np.asarray(cv2.flip(photo.image, 1), np.uint8)
    boxes, decoys = (_flipped(each, image.shape[1]) for each in (photo.boxes, photo.decoys))
    seen = replace(photo, image=image, boxes=boxes, decoys=decoys)
    for x1, y1, x2, y2 in seen.subjects.round().astype(int).clip(0).tolist():
        image[y1:y2, x1:x2] = image[y1:y2, x1:x2][:, ::-1].copy()
    return seen


def _flipped(boxes: Boxes, width: int) -> Boxes:
    flipped = boxes.copy()
    flipped[:, [0, 2]] = width - boxes[:, [2, 0]]
    return flipped


def trimmed(photo: Photo, rng: np.random.Generator) -> Photo:
    """The photo without a strip at some of its sides, as a frame cuts off a vehicle; one of its
    subjects stays whole. The texts are left behind: the detector has no use for them."""
    height, width = photo.image.shape[:2]
    box = np.array([0.4 * width, 0.4 * height, 0.6 * width, 0.6 * height])
    subjects = photo.subjects
    if len(subjects):
        box = subjects[rng.integers(len(subjects))].clip(0, [width, height] * 2)
    room = np.array([box[0], box[1], width - box[2], height - box[3]])
    strips = room * rng.uniform(0, 1, 4) * (rng.random(4) < SIDE_CUT_SHARE)
    x1, y1 = strips[:2].astype(int).tolist()
    x2, y2 = (np.array([width, height]) - strips[2:].astype(int)).tolist()
    boxes, decoys = (
        clip_boxes(each - np.array([x1, y1] * 2, np.float32), x2 - x1, y2 - y1)
        for each in (photo.boxes, photo.decoys)
    )
    return Photo(photo.name, photo.source, photo.image[y1:y2, x1:x2], boxes, (), decoys)


def _painted(placed: Sequence[Placed], size: int, *, aliased: bool) -> Image:
    canvas = np.full((size, size, 3), PADDING, np.uint8)
    for photo, (x1, y1, x2, y2), matrix in placed:
        scale = np.hypot(*matrix[:, 0])
        nearest = aliased and scale < 0.8
        halved = not nearest and scale < 0.6
        source, onto = _halved(photo.image, matrix) if halved else (photo.image, matrix)
        cv2.warpAffine(
            source,
            onto,
            (x2 - x1, y2 - y1),
            dst=canvas[y1:y2, x1:x2],
            flags=cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(PADDING, PADDING, PADDING),
        )
    return canvas


def _moved(placed: Placed, boxes: Boxes) -> Boxes:
    """What is visible of boxes in the photo, on the canvas."""
    _, (x1, y1, x2, y2), matrix = placed
    if not len(boxes):
        return boxes
    seen = clip_boxes(warp_boxes(boxes, matrix), x2 - x1, y2 - y1)
    return seen + np.array([x1, y1, x1, y1], np.float32)


def _halved(image: Image, matrix: Matrix) -> tuple[Image, Matrix]:
    """The photo at half its size, averaged, and the matrix for it: less aliasing in the warp."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    scale = np.array([image.shape[1] / half.shape[1], image.shape[0] / half.shape[0], 1.0])
    return np.asarray(half, np.uint8), matrix * scale


def _framing(photo: Photo, cell: tuple[int, int], rng: np.random.Generator) -> Matrix:
    """The 2x3 matrix that fits the whole photo into its cell (width, height)."""
    extent = np.array([photo.image.shape[1], photo.image.shape[0]])
    scale = float((np.array(cell) / extent).min()) * rng.uniform(0.9, 1.0)
    return np.column_stack([np.eye(2) * scale, (np.array(cell) - extent * scale) / 2])


def _placement(photo: Photo, cell: tuple[int, int], rng: np.random.Generator) -> Matrix:
    """A 2x3 matrix: photo pixels to pixels of the cell (width, height).

    Half of the photos about fill their cell; for the others the width that a plate or decoy gets
    in the view is drawn, log-uniform, so that near and far ones are equally common.
    """
    height, width = photo.image.shape[:2]
    fill = max(cell) / max(height, width)
    scale = fill * np.exp(rng.uniform(np.log(0.7), np.log(1.2)))
    centre = np.array([width, height]) * rng.uniform(0.4, 0.6, 2)
    target = np.array(cell) * rng.uniform(0.4, 0.6, 2)
    subjects = photo.subjects
    if len(subjects) and rng.random() < 0.5:
        box = subjects[rng.integers(len(subjects))].astype(np.float64)
        distant = rng.random() < DISTANT_SHARE
        most = MOST_DISTANT if distant else max(2 * LEAST_DRAWN, 0.5 * max(cell))
        wanted = np.exp(rng.uniform(np.log(LEAST_DRAWN), np.log(most)))
        scale = np.clip(wanted / (box[2] - box[0]), 0.35 * fill, 2.5 * fill)
        centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        target = np.array(cell) * rng.uniform(0.15, 0.85, 2)
    angle = np.deg2rad(rng.normal(0, 2) if rng.random() < 0.9 else rng.uniform(-8, 8))
    stretch = np.exp(rng.normal(0, 0.08))
    if rng.random() < TURNED_SHARE:
        stretch *= rng.uniform(*TURNED)
    linear = scale * np.array(
        [
            [np.cos(angle) * stretch, -np.sin(angle)],
            [np.sin(angle) * stretch, np.cos(angle)],
        ]
    )
    linear[0, 1] += scale * rng.normal(0, 0.03)
    return np.column_stack([linear, target - linear @ centre])


def warp_boxes(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """Upright boxes around affinely warped boxes; `matrix` is 2x3.

    A labelled box is taken as the plate's own rectangle, so a turned plate gets the upright box
    around its turned corners.
    """
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    warped = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([warped.min(1), warped.max(1)], axis=1).astype(np.float32)


def clip_boxes(boxes: Boxes, width: int, height: int) -> Boxes:
    """The boxes cut to the view, without those too small or mostly outside."""
    clipped = boxes.copy()
    clipped[:, 0::2] = clipped[:, 0::2].clip(0, width)
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, height)
    extent = clipped[:, 2:] - clipped[:, :2]
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    visible = extent.prod(1) >= LEAST_VISIBLE * area
    return clipped[visible & (extent[:, 0] >= SMALLEST_PLATE) & (extent[:, 1] >= 3)]

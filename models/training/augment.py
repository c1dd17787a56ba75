"""Training views for the detector: random affine, mosaics, light and camera faults.

Every view is a pure function of (photos, index, size, seed), so that an interrupted run continues
with exactly the views it would have seen.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.photos import Photo

PADDING = 114
GRIDS = (1, 2, 3, 4)  # photos along each side of a view
GRID_SHARES = (0.4, 0.2, 0.22, 0.18)
LEAST_DRAWN = 9.0  # px, width of a plate in the view where it is drawn
# Of photos made smaller. A frame of a camera is brought to the detector's size by interpolation
# between four of its pixels, whatever lies between them: it aliases, as the nearest pixel alone
# does where the photo is small already.
ALIASED_SHARE = 0.4
SMOOTHED_SHARE = 0.3
SMALLEST_PLATE = 6.0  # px in the view; smaller ones are left unlabelled
LEAST_VISIBLE = 0.4  # share of a plate's area inside the view

Image = NDArray[np.uint8]
Boxes = NDArray[np.float32]


class View(NamedTuple):
    """`image` (size, size, 3) uint8 BGR and `boxes` (n, 4) float32 x1 y1 x2 y2 in its pixels."""

    image: Image
    boxes: Boxes


def draw_view(photos: Sequence[Photo], index: int, *, size: int, seed: int) -> View:
    """The `index`-th training view."""
    rng = np.random.default_rng((seed, index))
    canvas = np.full((size, size, 3), PADDING, np.uint8)
    cells = _mosaic_cells(rng, size, int(rng.choice(GRIDS, p=GRID_SHARES)))
    boxes = [_paste(canvas, cell, photos[int(rng.integers(len(photos)))], rng) for cell in cells]
    return View(degrade(canvas, rng), np.concatenate(boxes))


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


def _paste(
    canvas: Image,
    cell: tuple[int, int, int, int],
    photo: Photo,
    rng: np.random.Generator,
) -> Boxes:
    """Warp the photo into one cell of the canvas; returns the visible boxes on the canvas."""
    x1, y1, x2, y2 = cell
    width, height = x2 - x1, y2 - y1
    matrix = _placement(photo, (width, height), rng)
    source, interpolation = photo.image, cv2.INTER_LINEAR
    scale, chance = np.hypot(*matrix[:, 0]), rng.random()
    if scale < 0.8 and chance < ALIASED_SHARE:
        interpolation = cv2.INTER_NEAREST
    elif scale < 0.5 and chance > 1 - SMOOTHED_SHARE:
        source, matrix = _halved(photo.image, matrix)
    cv2.warpAffine(
        source,
        matrix,
        (width, height),
        dst=canvas[y1:y2, x1:x2],
        flags=interpolation,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(PADDING, PADDING, PADDING),
    )
    boxes = warp_boxes(photo.boxes, _unscaled(matrix, photo.image, source))
    return clip_boxes(boxes, width, height) + np.array([x1, y1, x1, y1], np.float32)


def _halved(image: Image, matrix: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64]]:
    """The photo at half its size, averaged, and the matrix for it: less aliasing in the warp."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    scale = np.array([image.shape[1] / half.shape[1], image.shape[0] / half.shape[0], 1.0])
    return np.asarray(half, np.uint8), matrix * scale


def _unscaled(matrix: NDArray[np.float64], image: Image, source: Image) -> NDArray[np.float64]:
    scale = np.array([source.shape[1] / image.shape[1], source.shape[0] / image.shape[0], 1.0])
    return matrix * scale


def _placement(
    photo: Photo,
    cell: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A 2x3 matrix: photo pixels to pixels of the cell (width, height).

    Half of the photos about fill their cell; for the others the width that a plate gets in the
    view is drawn, log-uniform down to the smallest that is labelled, so that near and far plates
    are equally common.
    """
    height, width = photo.image.shape[:2]
    fill = max(cell) / max(height, width)
    scale = fill * np.exp(rng.uniform(np.log(0.7), np.log(1.4)))
    centre = np.array([width, height]) * rng.uniform(0.4, 0.6, 2)
    target = np.array(cell) * rng.uniform(0.4, 0.6, 2)
    if len(photo.boxes) and rng.random() < 0.5:
        box = photo.boxes[rng.integers(len(photo.boxes))].astype(np.float64)
        most = 0.6 * max(cell)
        wanted = np.exp(rng.uniform(np.log(LEAST_DRAWN), np.log(most)))
        scale = np.clip(wanted / (box[2] - box[0]), 0.4 * fill, 2.5 * fill)
        centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        target = np.array(cell) * rng.uniform(0.15, 0.85, 2)
    angle = np.deg2rad(rng.normal(0, 2.5) if rng.random() < 0.85 else rng.uniform(-10, 10))
    stretch = np.exp(rng.normal(0, 0.06))
    mirror = -1.0 if rng.random() < 0.3 else 1.0
    linear = scale * np.array(
        [
            [mirror * np.cos(angle) * stretch, -np.sin(angle)],
            [mirror * np.sin(angle) * stretch, np.cos(angle)],
        ]
    )
    linear[0, 1] += scale * rng.normal(0, 0.04)
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


def degrade(image: Image, rng: np.random.Generator) -> Image:
    """Random light (night included), colour, sharpness, sensor noise and JPEG; BGR uint8."""
    if rng.random() < 0.1:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    gain, bias = np.exp(rng.normal(0, 0.2)), rng.normal(0, 15)
    gamma = np.exp(rng.normal(0, 0.25))
    if rng.random() < 0.1:
        gain, gamma = gain * rng.uniform(0.25, 0.6), gamma * rng.uniform(1.2, 2.0)
    tint = np.exp(rng.normal(0, 0.06, 3))
    ramp = np.linspace(0, 1, 256)[:, None] ** gamma * 255
    table = np.clip(ramp * gain * tint + bias, 0, 255).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, table[None]), np.uint8)
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.2))
        more = rng.uniform(1.2, 2.2)  # as cameras sharpen
        image = np.asarray(cv2.addWeighted(image, more, soft, 1 - more, 0), np.uint8)
    elif rng.random() < 0.12:
        sigma = rng.uniform(0.4, 1.4)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    if rng.random() < 0.12:
        noise = rng.normal(0, rng.uniform(2, 14), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        quality = int(rng.integers(25, 80))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image

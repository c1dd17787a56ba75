"""Shapes in metres on a picture in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.photo.texture import Field
from app.lab.synth.plates.design import Colour

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Picture (h, w, 3) float32 BGR, 0..255, and where the car stands in it.

    Points are in metres, x from the middle of the car to the right, y upwards from the road.
    """

    light: Field
    x: float
    ground: float
    scale: float

    def pixels(self, points: Sequence[Point]) -> NDArray[np.float64]:
        array = np.array(points, float)
        return np.stack(
            [self.x + array[:, 0] * self.scale, self.ground - array[:, 1] * self.scale], 1
        )

    def fill(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        top: float = 1.0,
        bottom: float = 1.0,
        smooth: int = 0,
        share: float = 1.0,
    ) -> None:
        """A shape whose brightness goes from `top` to `bottom` times its colour."""
        outline = self.pixels(points)
        for _ in range(smooth):
            outline = _cut_corners(outline)
        height, width = self.light.shape[:2]
        x0, y0 = np.maximum(np.floor(outline.min(axis=0)).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 1, (width, height))
        if x1 <= x0 or y1 <= y0:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        polygon = np.round((outline - (x0, y0)) * 16).astype(np.int32)
        cv2.fillPoly(mask, [polygon], 255, cv2.LINE_AA, 4)
        weight = (mask.astype(np.float32) * (share / 255))[..., None]
        shade = np.linspace(top, bottom, y1 - y0, dtype=np.float32)[:, None, None]
        region = self.light[y0:y1, x0:x1]
        region += (np.array(colour, np.float32) * shade - region) * weight

    def mirrored(self, points: Sequence[Point], colour: Colour, **shade: float) -> None:
        """The shape and its mirror image on the other side of the car."""
        smooth = int(shade.pop("smooth", 0))
        for side in (points, [(-x, y) for x, y in points]):
            self.fill(side, colour, smooth=smooth, **shade)

    def line(self, points: Sequence[Point], colour: Colour, thick: float) -> None:
        path = np.round(self.pixels(points) * 16).astype(np.int32)
        width = max(1, round(thick * self.scale))
        cv2.polylines(self.light, [path], False, colour, width, cv2.LINE_AA, 4)


def _cut_corners(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """One step of Chaikin's subdivision of a closed outline."""
    following = np.roll(outline, -1, axis=0)
    points = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], 1)
    return points.reshape(-1, 2)

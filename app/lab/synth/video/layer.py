"""A drawn vehicle that can be laid over any picture."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from app.lab.synth.photo.camera import trail
from app.lab.synth.photo.conditions import Conditions
from app.lab.synth.photo.overlay import overlay
from app.lab.synth.photo.texture import Field
from app.lab.synth.plates.design import PlateSpec
from app.lab.synth.scenes.canvas import Canvas
from app.lab.synth.scenes.vehicle import draw_car

HALF_WIDTH, HEIGHT, BELOW = 1.15, 1.6, 0.12
"""Metres that the layer of a car covers: to each side, above the road, and below for its shadow."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`colours` (h, w, 3) float32, multiplied by `alpha` (h, w) in 0..1, `scale` pixels a metre.

    `origin` (x, y) is the point of the picture where the vehicle stands, `plate` x1, y1, x2, y2 of
    its plate from there; both in metres, y downwards.
    """

    colours: Field
    alpha: Field
    scale: float
    origin: tuple[float, float]
    plate: tuple[float, float, float, float]

    def scaled(self, scale: float) -> "Layer":
        """Smaller, each pixel the mean of those that it covers."""
        height, width = self.alpha.shape
        factor = scale / self.scale
        size = max(1, round(width * factor)), max(1, round(height * factor))
        colours = cv2.resize(self.colours, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA)
        return replace(
            self,
            colours=np.asarray(colours, np.float32),
            alpha=np.asarray(alpha, np.float32),
            scale=scale,
        )

    def lay(self, light: Field, x: float, y: float, moved: tuple[float, float]) -> None:
        """Put it into a picture with its origin at (x, y), smeared along `moved`, all in pixels."""
        margin = 2 + int(np.hypot(*moved))
        left = x - self.origin[0] * self.scale - margin
        top = y - self.origin[1] * self.scale - margin
        corner = int(np.floor(left)), int(np.floor(top))
        shift = np.array([[1, 0, margin + left % 1], [0, 1, margin + top % 1]])
        height, width = self.alpha.shape
        size = width + 2 * margin + 1, height + 2 * margin + 1
        colours = cv2.warpAffine(self.colours, shift, size)
        alpha = cv2.warpAffine(self.alpha, shift, size)
        length = float(np.hypot(*moved))
        if length > 1:
            kernel = trail(length, float(np.arctan2(moved[1], moved[0])))
            colours, alpha = cv2.filter2D(colours, -1, kernel), cv2.filter2D(alpha, -1, kernel)
        paste(light, np.asarray(colours, np.float32), np.asarray(alpha, np.float32), corner)


def paste(light: Field, colours: Field, alpha: Field, corner: tuple[int, int]) -> None:
    """Lay premultiplied colours over the part of a picture that begins at `corner` (x, y)."""
    height, width = light.shape[:2]
    x1, y1 = max(corner[0], 0), max(corner[1], 0)
    x2, y2 = min(corner[0] + alpha.shape[1], width), min(corner[1] + alpha.shape[0], height)
    if x2 <= x1 or y2 <= y1:
        return
    inside = np.s_[y1 - corner[1] : y2 - corner[1], x1 - corner[0] : x2 - corner[0]]
    region = light[y1:y2, x1:x2]
    region *= 1 - alpha[inside][..., None]
    region += colours[inside]


def draw_vehicle(rng: np.random.Generator, spec: PlateSpec, scale: float) -> Layer:
    """A car from behind, `scale` pixels a metre.

    Drawn twice, before black and before white, which tells how much of it can be seen through
    (Smith and Blinn, Blue Screen Matting, 1996).
    """
    state = rng.bit_generator.state
    black, _ = _drawn(rng, spec, scale, 0.0)
    rng.bit_generator.state = state
    white, box = _drawn(rng, spec, scale, 255.0)
    alpha = 1 - (white - black).mean(axis=2) / 255
    conditions = Conditions(
        severity=0.0,
        character_height=spec.layout.cap * scale / 1000,
        yaw=float(rng.uniform(-6, 6)),
        pitch=float(rng.uniform(0, 8)),
        roll=float(rng.uniform(-1.5, 1.5)),
        distance=14.0,
    )
    photo = np.clip(black, 0, 255).astype(np.uint8)
    colours, truth = overlay(rng, photo, box, spec=spec, conditions=conditions)
    x, y = HALF_WIDTH, HEIGHT
    x1, y1, x2, y2 = (v / scale for v in truth.box)
    return Layer(
        np.asarray(colours, np.float32),
        np.asarray(np.clip(alpha, 0, 1), np.float32),
        scale,
        (x, y),
        (x1 - x, y1 - y, x2 - x, y2 - y),
    )


def _drawn(
    rng: np.random.Generator, spec: PlateSpec, scale: float, ground: float
) -> tuple[Field, tuple[float, float, float, float]]:
    height, width = round((HEIGHT + BELOW) * scale), round(2 * HALF_WIDTH * scale)
    light = np.full((height, width, 3), ground, np.float32)
    box = draw_car(rng, Canvas(light, HALF_WIDTH * scale, HEIGHT * scale, scale), spec)
    return light, box

"""A whole vehicle photo from nothing: the rear of a car on a street, with a plate.

For samples and tests where no real photo may be kept. Drawn in metres, x from the middle of the
car to the right, y upwards from the road.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.synth.camera import degrade
from app.synth.conditions import Conditions
from app.synth.overlay import overlay
from app.synth.spec import Colour, PlateSpec, draw_spec
from app.synth.texture import Field, clouds
from app.synth.types import Image, LabelledPlate

Point = tuple[float, float]

_PAINTS: Final[tuple[Colour, ...]] = (
    (196, 199, 200),
    (150, 152, 152),
    (72, 72, 74),
    (34, 32, 32),
    (116, 66, 30),
    (40, 34, 128),
    (88, 96, 62),
)


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Linear picture (h, w, 3) float32 BGR, and where the car stands in it."""

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


def draw_scene(
    rng: np.random.Generator,
    *,
    width: int = 1280,
    height: int = 960,
    spec: PlateSpec | None = None,
) -> tuple[Image, LabelledPlate]:
    """The rear of a parked car by day, its plate sharp and about an eighth of the width."""
    spec = spec or replace(draw_spec(rng, format_name="standard"), frame=None)
    scale = width * float(rng.uniform(0.33, 0.38))
    canvas = _Canvas(
        np.zeros((height, width, 3), np.float32),
        x=width * float(rng.uniform(0.46, 0.54)),
        ground=height * float(rng.uniform(0.84, 0.88)),
        scale=scale,
    )
    _draw_street(rng, canvas)
    box = _draw_car(rng, canvas, spec)
    photo = cv2.GaussianBlur(canvas.light, (0, 0), width / 1600)
    conditions = Conditions(
        severity=0.0,
        character_height=spec.layout.cap * scale / 1000,
        yaw=float(rng.uniform(-4, 4)),
        roll=float(rng.uniform(-0.6, 0.6)),
        distance=14.0,
        noise=float(rng.uniform(1.5, 3)),
        sharpen=0.5,
        jpeg=93,
    )
    parked, truth = overlay(
        rng, np.clip(photo, 0, 255).astype(np.uint8), box, spec=spec, conditions=conditions
    )
    return degrade(rng, parked, conditions), truth


def _draw_street(rng: np.random.Generator, canvas: _Canvas) -> None:
    """Sky, hills, houses, hedge, footpath and road."""
    height, width = canvas.light.shape[:2]
    horizon = round(height * float(rng.uniform(0.42, 0.48)))
    sky = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None]
    canvas.light[:horizon] = (
        np.array((225, 185, 150), np.float32) * (1 - sky) + np.array((235, 228, 220)) * sky
    )
    haze = clouds(rng, horizon, width, 4)[..., None]
    canvas.light[:horizon] += 34 * np.clip(haze - 0.45, 0, 1)

    hills = horizon - height * (0.06 + 0.07 * clouds(rng, width // 2, width, 2)[0])
    rows = np.arange(height)[:, None]
    canvas.light[(rows > hills[None]) & (rows < horizon + 2)] = (118, 128, 112)
    left = -0.05 * width
    while left < width:
        wide = width * float(rng.uniform(0.12, 0.28))
        if rng.random() < 0.75:
            _draw_house(rng, canvas.light, left, horizon, wide)
        left += wide * float(rng.uniform(1.05, 1.5))
    hedge = horizon - height * (0.035 + 0.05 * clouds(rng, width // 6, width, 3)[0])
    leaves = 0.55 + 0.9 * clouds(rng, height, width, 60)[..., None]
    inside = (rows > hedge[None]) & (rows < horizon + 0.03 * height)
    canvas.light[inside] = (np.array((48, 84, 62), np.float32) * leaves)[inside]

    path_end = horizon + round(0.09 * height)
    grain = rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    coarse = clouds(rng, height, width, 8)[..., None]
    canvas.light[horizon + round(0.03 * height) : path_end] = (162, 168, 172)
    near = np.linspace(0.85, 1.1, height - path_end, dtype=np.float32)[:, None, None]
    canvas.light[path_end:] = np.array((104, 106, 108), np.float32) * near
    canvas.light[path_end : path_end + round(0.008 * height)] = (198, 202, 204)
    lower = np.s_[horizon + round(0.03 * height) :]
    canvas.light[lower] += 4.5 * grain[lower] + 18 * (coarse[lower] - 0.5)
    lane = np.array(
        [
            [0.02, 0.99],
            [0.16, path_end / height + 0.1],
            [0.17, path_end / height + 0.1],
            [0.06, 0.99],
        ]
    ) * (width, height)
    cv2.fillPoly(canvas.light, [lane.astype(np.int32)], (196, 200, 202), cv2.LINE_AA)


def _draw_house(
    rng: np.random.Generator, light: Field, left: float, ground: int, wide: float
) -> None:
    tall = wide * float(rng.uniform(0.3, 0.5))
    wall = np.array((176, 190, 198)) * rng.uniform(0.75, 1.15) + rng.normal(0, 8, 3)
    roof = np.array((70, 72, 92)) * rng.uniform(0.6, 1.3) + rng.normal(0, 10, 3)
    x0, x1 = left, left + wide
    top = ground - tall
    cv2.rectangle(light, (round(x0), round(top)), (round(x1), ground + 4), wall.tolist(), -1)
    gable = np.array(
        [
            [x0 - 0.06 * wide, top],
            [x0 + 0.2 * wide, top - 0.45 * tall],
            [x1 - 0.2 * wide, top - 0.45 * tall],
            [x1 + 0.06 * wide, top],
        ]
    )
    cv2.fillPoly(light, [gable.astype(np.int32)], roof.tolist(), cv2.LINE_AA)
    for at in (0.12, 0.42, 0.72):
        corner = (round(x0 + at * wide), round(top + 0.25 * tall))
        far = (round(x0 + (at + 0.16) * wide), round(top + 0.62 * tall))
        cv2.rectangle(light, corner, far, (88, 78, 70), -1)
        cv2.rectangle(light, corner, far, (222, 224, 224), 2, cv2.LINE_AA)


def _draw_car(
    rng: np.random.Generator, canvas: _Canvas, spec: PlateSpec
) -> tuple[float, float, float, float]:
    """Draw a hatchback from behind; returns the box of its still blank plate in pixels."""
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    dark = (26, 26, 26)
    _draw_ground_shadow(canvas)
    canvas.mirrored(
        [(0.56, 0.0), (0.84, 0.0), (0.85, 0.5), (0.56, 0.5)], (28, 27, 27), top=0.5, bottom=1.1
    )
    canvas.fill([(-0.8, 0.16), (0.8, 0.16), (0.84, 0.4), (-0.84, 0.4)], dark, top=1.1, bottom=0.7)
    # Roof and pillars, then the window with the sky in it.
    canvas.fill(
        [
            (-0.78, 0.9),
            (-0.7, 1.16),
            (-0.56, 1.42),
            (-0.3, 1.47),
            (0.3, 1.47),
            (0.56, 1.42),
            (0.7, 1.16),
            (0.78, 0.9),
        ],
        paint,
        top=1.2,
        bottom=0.9,
        smooth=3,
    )
    canvas.fill(
        [(-0.62, 0.97), (-0.5, 1.34), (0.5, 1.34), (0.62, 0.97)],
        (58, 50, 44),
        top=1.7,
        bottom=0.6,
        smooth=2,
    )
    canvas.fill(
        [(-0.55, 1.14), (-0.48, 1.31), (0.1, 1.31), (-0.1, 1.14)],
        (190, 175, 160),
        share=0.25,
        smooth=1,
    )
    for middle in (-0.28, 0.28):  # headrests
        canvas.fill(
            [(middle + dx, y) for dx, y in ((-0.1, 1.0), (-0.1, 1.16), (0.1, 1.16), (0.1, 1.0))],
            (24, 22, 22),
            share=0.6,
            smooth=2,
        )
    # Body, brightest at the shoulder where it faces the sky.
    canvas.fill(
        [
            (-0.88, 0.3),
            (-0.91, 0.62),
            (-0.87, 0.9),
            (-0.74, 0.985),
            (0.74, 0.985),
            (0.87, 0.9),
            (0.91, 0.62),
            (0.88, 0.3),
        ],
        paint,
        top=1.18,
        bottom=0.72,
        smooth=3,
    )
    canvas.fill(
        [(-0.82, 0.88), (-0.7, 0.955), (0.7, 0.955), (0.82, 0.88), (0.7, 0.9), (-0.7, 0.9)],
        (245, 240, 235),
        share=0.28,
        smooth=2,
    )
    _draw_lights(canvas)
    canvas.line(
        [(-0.6, 0.97), (-0.61, 0.62), (-0.57, 0.53), (0.57, 0.53), (0.61, 0.62), (0.6, 0.97)],
        _times(paint, 0.45),
        0.006,
    )
    # Bumper with a dark lower part, reflectors and the exhaust.
    canvas.fill(
        [(-0.89, 0.5), (0.89, 0.5), (0.88, 0.4), (-0.88, 0.4)], paint, top=1.12, bottom=0.85
    )
    canvas.line([(-0.89, 0.505), (0.89, 0.505)], _times(paint, 0.5), 0.005)
    canvas.fill(
        [(-0.72, 0.36), (0.72, 0.36), (0.66, 0.2), (-0.66, 0.2)],
        dark,
        top=1.2,
        bottom=0.8,
        smooth=1,
    )
    canvas.mirrored([(0.62, 0.335), (0.8, 0.335), (0.8, 0.31), (0.62, 0.31)], (40, 36, 150))
    canvas.fill(
        [(0.36, 0.24), (0.5, 0.24), (0.5, 0.18), (0.36, 0.18)],
        (120, 122, 124),
        top=1.3,
        bottom=0.5,
        smooth=2,
    )
    canvas.line([(-0.22, 1.0), (0.26, 1.06)], (18, 18, 18), 0.012)
    return _draw_plate_recess(rng, canvas, paint, spec)


def _draw_ground_shadow(canvas: _Canvas) -> None:
    height, width = canvas.light.shape[:2]
    mask = np.zeros((height, width), np.float32)
    centre = (round(canvas.x), round(canvas.ground - 0.015 * canvas.scale))
    axes = (round(0.98 * canvas.scale), round(0.085 * canvas.scale))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.035 * canvas.scale)
    canvas.light[:] *= (1 - 0.75 * soft)[..., None]


def _draw_lights(canvas: _Canvas) -> None:
    lamp = [(0.6, 0.9), (0.86, 0.87), (0.885, 0.7), (0.8, 0.68), (0.6, 0.76)]
    canvas.mirrored(lamp, (30, 24, 130), top=1.25, bottom=0.8, smooth=2)
    canvas.mirrored(
        [(0.64, 0.88), (0.82, 0.86), (0.82, 0.83), (0.64, 0.85)],
        (120, 120, 235),
        share=0.6,
        smooth=1,
    )
    canvas.mirrored(
        [(0.63, 0.8), (0.72, 0.79), (0.72, 0.75), (0.63, 0.77)],
        (215, 215, 215),
        share=0.85,
        smooth=1,
    )


def _draw_plate_recess(
    rng: np.random.Generator, canvas: _Canvas, paint: Colour, spec: PlateSpec
) -> tuple[float, float, float, float]:
    wide, tall = spec.layout.width / 1000, spec.layout.height / 1000
    middle = float(rng.uniform(0.69, 0.73))
    half, low, high = wide / 2 + 0.06, middle - tall / 2 - 0.03, middle + tall / 2 + 0.04
    canvas.fill(
        [(-half - 0.03, low), (-half, high), (half, high), (half + 0.03, low)],
        _times(paint, 0.55),
        top=0.7,
        bottom=1.1,
        smooth=1,
    )
    canvas.fill(
        [
            (-half + 0.01, high + 0.035),
            (half - 0.01, high + 0.035),
            (half - 0.01, high),
            (-half + 0.01, high),
        ],
        (170, 172, 172),
        top=1.3,
        bottom=0.6,
        smooth=1,
    )
    canvas.fill(
        [(-0.035, high + 0.12), (0.035, high + 0.12), (0.035, high + 0.05), (-0.035, high + 0.05)],
        (185, 187, 188),
        top=1.2,
        bottom=0.6,
        smooth=3,
    )
    left, right, top, bottom = -wide / 2, wide / 2, middle + tall / 2, middle - tall / 2
    canvas.fill(
        [(left, top), (right, top), (right, bottom), (left, bottom)],
        (205, 208, 208),
        top=0.94,
        bottom=1.04,
    )
    for k in range(6):  # Something dark, so that black and sharpness can be measured.
        x = left + wide * (0.1 + 0.15 * k)
        canvas.fill(
            [
                (x, top - 0.03),
                (x + 0.012, top - 0.03),
                (x + 0.012, bottom + 0.03),
                (x, bottom + 0.03),
            ],
            (24, 24, 24),
        )
    (x1, y1), (x2, y2) = canvas.pixels([(left, top), (right, bottom)]).tolist()
    return x1, y1, x2, y2


def _times(colour: Colour, factor: float) -> Colour:
    blue, green, red = (round(channel * factor) for channel in colour)
    return blue, green, red


def _cut_corners(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """One step of Chaikin's subdivision of a closed outline."""
    following = np.roll(outline, -1, axis=0)
    points = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], 1)
    return points.reshape(-1, 2)

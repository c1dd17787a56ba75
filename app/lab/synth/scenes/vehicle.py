"""The rear of a hatchback, drawn."""

from typing import Final

import cv2
import numpy as np

from app.lab.synth.plates.design import Colour, PlateSpec
from app.lab.synth.scenes.canvas import Canvas

_PAINTS: Final[tuple[Colour, ...]] = (
    (196, 199, 200),
    (150, 152, 152),
    (72, 72, 74),
    (34, 32, 32),
    (116, 66, 30),
    (40, 34, 128),
    (88, 96, 62),
)


def draw_car(
    rng: np.random.Generator, canvas: Canvas, spec: PlateSpec
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


def _draw_ground_shadow(canvas: Canvas) -> None:
    height, width = canvas.light.shape[:2]
    mask = np.zeros((height, width), np.float32)
    centre = (round(canvas.x), round(canvas.ground - 0.015 * canvas.scale))
    axes = (round(0.98 * canvas.scale), round(0.085 * canvas.scale))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.035 * canvas.scale)
    canvas.light[:] *= (1 - 0.75 * soft)[..., None]


def _draw_lights(canvas: Canvas) -> None:
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
    rng: np.random.Generator, canvas: Canvas, paint: Colour, spec: PlateSpec
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

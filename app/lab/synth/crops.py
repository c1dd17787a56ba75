"""Crops of single plates as a detector hands them to a reader."""

import cv2
import numpy as np

from app.lab.synth.photo.camera import degrade
from app.lab.synth.photo.compose import label, over, project
from app.lab.synth.photo.conditions import Conditions, draw_conditions
from app.lab.synth.photo.geometry import bounds, homography, moved, pose_quad
from app.lab.synth.photo.light import illuminate
from app.lab.synth.photo.texture import Field, clouds, ramp
from app.lab.synth.photo.wear import age, cover
from app.lab.synth.plates.design import PlateSpec
from app.lab.synth.plates.plate import draw_plate
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.types import Image, LabelledPlate, Severity

_BODY_COLOURS = (
    (205, 208, 208),
    (165, 168, 168),
    (95, 98, 100),
    (30, 30, 32),
    (18, 18, 20),
    (110, 60, 30),
    (35, 30, 130),
    (60, 75, 50),
    (190, 180, 130),
    (120, 150, 165),
)


def draw_crop(
    rng: np.random.Generator,
    severity: Severity | float | None = None,
    *,
    spec: PlateSpec | None = None,
    mix: str = "road",
    conditions: Conditions | None = None,
) -> tuple[Image, LabelledPlate]:
    """One plate, cut out about as well as a detector does, in the size in which it was seen.

    Without `spec` the plate is of `mix`, without `conditions` they are drawn for `severity`.
    The box in the label is in pixels of the crop and may reach out of it.
    """
    spec = spec or draw_spec(rng, mix=mix)
    conditions = conditions or draw_conditions(rng, severity)
    pixels_per_mm = conditions.character_height / spec.layout.cap
    supersample = 2 if pixels_per_mm < 0.35 else 1
    plate = draw_plate(rng, spec, scale=float(np.clip(1.15 * supersample * pixels_per_mm, 0.3, 2)))
    plate, covered = cover(rng, age(rng, plate, conditions), conditions.cover)

    quad = pixels_per_mm * pose_quad(
        spec.layout.width,
        spec.layout.height,
        yaw=conditions.yaw,
        pitch=conditions.pitch,
        roll=conditions.roll,
        distance=conditions.distance,
    )
    matrix = homography(plate.quad, quad)
    x1, y1, x2, y2 = _detected(rng, bounds(quad), conditions.severity)
    # What lies just outside reaches in by blur; the crop is cut out after the camera.
    margin = 4
    left, top = round(x1) - margin, round(y1) - margin
    width = max(8, round(x2 - x1)) + 2 * margin
    height = max(6, round(y2 - y1)) + 2 * margin
    matrix = moved(matrix, dx=-left, dy=-top)

    view = project(plate, covered, matrix, (width, height), supersample=supersample)
    background = draw_background(rng, height, width)
    _cast_shadow(background, view.alpha)
    lit = illuminate(rng, over(background, view), view.alpha, conditions)
    picture = degrade(rng, lit, conditions)
    truth = label(plate, matrix, conditions, picture, view, offset=(-margin, -margin))
    return np.ascontiguousarray(picture[margin:-margin, margin:-margin]), truth


def _detected(
    rng: np.random.Generator, box: tuple[float, float, float, float], severity: float
) -> tuple[float, float, float, float]:
    """The box with the errors of a detector: each side by itself, as they spread on real photos."""
    x1, y1, x2, y2 = box
    across = np.clip(rng.normal(0.008, 0.02 + 0.025 * severity, 2), -0.05 - 0.03 * severity, 0.14)
    down = np.clip(rng.normal(0.01, 0.055 + 0.035 * severity, 2), -0.1 - 0.05 * severity, 0.24)
    left, right = across * (x2 - x1)
    top, bottom = down * (y2 - y1)
    return x1 - left, y1 - top, x2 + right, y2 + bottom


def draw_background(rng: np.random.Generator, height: int, width: int) -> Field:
    """A piece of bodywork (height, width, 3) float32: paint, a recess or grille, an edge or two."""
    colour = np.array(_BODY_COLOURS[int(rng.integers(len(_BODY_COLOURS)))], np.float32)
    colour = np.clip(colour * rng.uniform(0.75, 1.15), 5, 240).astype(np.float32)
    shade = 1 + 0.2 * rng.random() * ramp(height, width, float(rng.uniform(0, np.pi)))
    shade = shade * (0.94 + 0.12 * clouds(rng, height, width, 2))
    picture = np.asarray(colour * shade[..., None], np.float32)
    for _ in range(int(rng.integers(0, 4))):
        y = float(rng.uniform(-0.2, 1.2)) * height
        lean = float(rng.normal(0, 0.06)) * width
        thick = max(1, round(height * float(rng.gamma(1.2, 0.09))))
        tone = colour * float(rng.uniform(0.2, 1.3))
        cv2.line(
            picture,
            (0, round(y - lean)),
            (width, round(y + lean)),
            tone.tolist(),
            thick,
            cv2.LINE_AA,
        )
    return picture


def _cast_shadow(background: Field, alpha: Field) -> None:
    """The plate stands a little off the bodywork: darken around and below it, in place."""
    blurred = cv2.GaussianBlur(alpha, (0, 0), max(0.8, 0.03 * alpha.shape[0]))
    background *= (1 - 0.45 * blurred)[..., None]

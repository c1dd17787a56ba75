"""A whole vehicle photo from nothing: the rear of a car on a street, with a plate.

For samples and tests where no real photo may be kept.
"""

from dataclasses import replace

import cv2
import numpy as np

from app.lab.synth.photo.camera import degrade
from app.lab.synth.photo.conditions import Conditions
from app.lab.synth.photo.overlay import overlay
from app.lab.synth.plates.design import PlateSpec
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.scenes.canvas import Canvas
from app.lab.synth.scenes.street import draw_street
from app.lab.synth.scenes.vehicle import draw_car
from app.lab.synth.types import Image, LabelledPlate


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
    canvas = Canvas(
        np.zeros((height, width, 3), np.float32),
        x=width * float(rng.uniform(0.46, 0.54)),
        ground=height * float(rng.uniform(0.84, 0.88)),
        scale=scale,
    )
    draw_street(rng, canvas)
    box = draw_car(rng, canvas, spec)
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

"""Rendered plates as a detector would crop them, with the places of their characters."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.conditions import Conditions, draw_conditions
from app.lab.synth.crops import draw_crop
from app.lab.synth.spec import PlateSpec, draw_spec, rows_of
from app.lab.synth.types import LabelledPlate
from app.nz.series import PERSONALISED
from models.training.common.slots import SLOTS

BLIND_SHARE = 0.15  # kept of the crops too blurred or small for any eye: they teach doubt alone
TILTED_SHARE = 0.3  # seen from the side by a camera that hangs askew: their boxes are wide


@dataclass(frozen=True, slots=True)
class RenderedCrop:
    """`image` (h, w, 3) uint8 BGR; `places` (characters, 2) float32 x, y of the characters'
    middles as shares of its width and height."""

    image: NDArray[np.uint8]
    text: str
    places: NDArray[np.float32]


PERSONALISED_SHARE = 0.2
FOREIGN_SHARE = 0.2


def training_spec(rng: np.random.Generator) -> PlateSpec:
    """A plate of at most SLOTS characters: mostly of the renderer's training mix, with enough
    personalised and foreign ones that a slot must read its character rather than guess its kind."""
    while True:
        chance = rng.random() - PERSONALISED_SHARE
        if chance < 0:
            spec = draw_spec(rng, format_name=PERSONALISED)
        else:
            spec = draw_spec(rng, mix="foreign" if chance < FOREIGN_SHARE else "training")
        if len(spec.text) <= SLOTS:
            return spec


def training_conditions(rng: np.random.Generator) -> Conditions:
    """Conditions of any severity, with more and steeper tilts than the renderer draws."""
    conditions = draw_conditions(rng, None)
    if rng.random() >= TILTED_SHARE:
        return conditions
    return replace(
        conditions,
        yaw=float(rng.uniform(-50, 50)),
        roll=float(rng.choice((-1, 1)) * rng.uniform(5, 28)),
    )


def teaches(plate: LabelledPlate, rng: np.random.Generator) -> bool:
    """Whether to train on a plate: by chance where blur or size leave nothing to see."""
    blind = not plate.readable and ({"blur", "lowres"} & set(plate.conditions))
    return not blind or rng.random() < BLIND_SHARE


def render_crop(rng: np.random.Generator) -> RenderedCrop:
    """A crop of a plate of any severity."""
    while True:
        spec = training_spec(rng)
        image, plate = draw_crop(rng, spec=spec, conditions=training_conditions(rng))
        if teaches(plate, rng):
            size = np.array(image.shape[1::-1], np.float32)
            return RenderedCrop(image, plate.text, middles_seen(spec, plate.quad) / size)


def middles_seen(spec: PlateSpec, quad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Middles of the characters in the picture in which the plate has these corners."""
    width, height = spec.layout.width, spec.layout.height
    front = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(front, np.asarray(quad, np.float32))
    points = character_middles(spec)[None]
    return np.asarray(cv2.perspectiveTransform(points, matrix)[0], np.float32)


def character_middles(spec: PlateSpec) -> NDArray[np.float32]:
    """(characters, 2) float32: millimetres from the top left of the plate seen from the front."""
    layout, rows = spec.layout, rows_of(spec)
    band = 42.0 if spec.band is not None else 0.0
    gap = 0.5 * layout.pitch if spec.gap_after is not None and len(rows) == 1 else 0.0
    middles = []
    for number, row in enumerate(rows):
        first = band + (layout.width - band - layout.pitch * len(row) - gap) / 2
        for i in range(len(row)):
            moved = gap if spec.gap_after is not None and i >= spec.gap_after else 0.0
            x = first + moved + (i + 0.5) * layout.pitch
            middles.append((x, layout.height * (number + 0.5) / len(rows)))
    return np.array(middles, np.float32)

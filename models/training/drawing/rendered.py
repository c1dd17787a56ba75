"""Rendered plates as a detector would crop them, with the places of their characters."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.crops import draw_crop
from app.lab.synth.photo.conditions import Conditions, draw_conditions
from app.lab.synth.plates.foreign import draw_die
from app.lab.synth.plates.serials import FOREIGN
from app.lab.synth.plates.spec import PlateSpec, draw_spec, rows_of
from app.lab.synth.types import LabelledPlate
from app.nz.formats import format_of
from app.nz.series import PERSONALISED
from models.training.common.slots import SLOTS

BLIND_SHARE = 0.15  # kept of the crops too blurred or small for any eye: they teach doubt alone
TILTED_SHARE = 0.25  # seen from the side by a camera that hangs askew: their boxes are wide
CLEAN_SHARE = 0.45  # seen well: what harms them is drawn anew whenever they are shown
PERSONALISED_SHARE = 0.17
FOREIGN_SHARE = 0.28
TWO_ROW_SHARE = 0.09  # small New Zealand plates with two rows
TWO_ROW = ("motorcycle", "motorcycle_old", "trailer", "trade", PERSONALISED)
DOUBLED_SHARE = 0.1  # some character stands there twice or three times in a row
STRANGE_SHARE = 0.1  # of the New Zealand plates: in the letters of other makers


@dataclass(frozen=True, slots=True)
class RenderedCrop:
    """`image` (h, w, 3) uint8 BGR; `places` (characters, 2) float32 x, y of the characters'
    middles as shares of its width and height; `room` in 0..1 for what may still be done to it
    before nothing is left to read."""

    image: NDArray[np.uint8]
    text: str
    places: NDArray[np.float32]
    room: float = 0.5


def training_spec(rng: np.random.Generator) -> PlateSpec:
    """A plate of at most SLOTS characters: mostly of the renderer's training mix, with enough
    personalised and foreign ones that a slot must read its character rather than guess its kind,
    and more than the road has of what readers find hard."""
    while True:
        spec = _drawn_spec(rng)
        if len(spec.text) > SLOTS:
            continue
        if rng.random() < DOUBLED_SHARE:
            spec = replace(spec, text=doubled(spec.text, spec.format, rng))
        if spec.format != FOREIGN and rng.random() < STRANGE_SHARE:
            spec = replace(spec, face=draw_die(rng, spec.layout.pitch / spec.layout.cap))
        return spec


def _drawn_spec(rng: np.random.Generator) -> PlateSpec:
    chance = rng.random() - PERSONALISED_SHARE
    if chance < 0:
        return draw_spec(rng, format_name=PERSONALISED)
    chance -= FOREIGN_SHARE
    if chance < 0:
        return draw_spec(rng, mix="foreign")
    if chance < TWO_ROW_SHARE:
        return two_row_spec(rng)
    return draw_spec(rng, mix="training")


def two_row_spec(rng: np.random.Generator) -> PlateSpec:
    """A small New Zealand plate with two rows."""
    while True:
        spec = draw_spec(rng, format_name=TWO_ROW[int(rng.integers(len(TWO_ROW)))])
        if spec.layout.rows == 2:
            return spec


def doubled(text: str, format_name: str, rng: np.random.Generator) -> str:
    """The text with a character repeated over its neighbours of the same kind; as it is where none
    has any, or the format does not allow it."""
    starts = [i for i in range(len(text) - 1) if text[i].isdigit() == text[i + 1].isdigit()]
    if not starts:
        return text
    at = starts[int(rng.integers(len(starts)))]
    last = at + 1 + int(rng.random() < 0.5)
    run = "".join(c if c.isdigit() != text[at].isdigit() else text[at] for c in text[at : last + 1])
    changed = text[:at] + run + text[last + 1 :]
    found = format_of(changed)
    if format_name == FOREIGN or (found is not None and found.name == format_name):
        return changed
    return text


def training_conditions(rng: np.random.Generator) -> Conditions:
    """Conditions of any severity, many of them good, with more and steeper tilts than the renderer
    draws."""
    severity = float(rng.uniform(0, 0.2)) if rng.random() < CLEAN_SHARE else None
    conditions = draw_conditions(rng, severity)
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
            middles = middles_seen(spec, plate.quad) / size
            return RenderedCrop(image, plate.text, middles, room_of(plate))


def room_of(plate: LabelledPlate) -> float:
    """How much a drawn plate may still be harmed: less where it was, and where it is small."""
    if not plate.readable:
        return 0.0
    return float(np.clip(1 - plate.severity, 0, np.clip(plate.character_height / 24, 0.2, 1)))


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
    band, gap = spec.taken, spec.wider
    middles = []
    for number, row in enumerate(rows):
        first = band + (layout.width - band - layout.pitch * len(row) - gap) / 2
        for i in range(len(row)):
            moved = gap if spec.gap_after is not None and i >= spec.gap_after else 0.0
            x = first + moved + (i + 0.5) * layout.pitch
            middles.append((x, layout.height * (number + 0.5) / len(rows)))
    return np.array(middles, np.float32)

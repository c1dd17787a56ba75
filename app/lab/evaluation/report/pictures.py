"""The worst cases as small pictures."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.lab.evaluation.matching import BoxF
from app.lab.evaluation.results import Evaluation, PlateOutcome, ReadPlate
from app.lab.evaluation.run import cut
from app.vision.images.decode import decode_image
from app.vision.types import Frame

WIDTH = 320
HEIGHT = 200
PLATE_MARGIN = 0.25
SCENE_MARGIN = 1.5
"""How much is shown around a box on each side, over its size."""


@dataclass(frozen=True, slots=True)
class Case:
    """One plate to show: `box` marks where, and as much of the photo around it as fits."""

    photo: str
    box: BoxF | None
    margin: float
    truth: str
    read: ReadPlate | None


def worst_cases(evaluation: Evaluation, most: int) -> dict[str, list[Case]]:
    """At most that many cases of each kind, the most confident ones first.

    Pictures that could not be decoded are left out.
    """
    damaged = {photo.name for photo in evaluation.photos if photo.error is not None}
    wrong = [
        plate
        for plate in evaluation.plates
        if plate.truth is not None and plate.read is not None and not plate.right
    ]
    missed = [
        plate for plate in evaluation.plates if plate.read is None and plate.photo not in damaged
    ]
    false_plates = [
        Case(photo.name, found.box, SCENE_MARGIN, "", found)
        for photo in evaluation.photos
        if photo.fully_labelled
        for found in photo.unmatched
    ]
    kinds = {
        "Right readings made wrong": _cases(plate for plate in wrong if plate.raw_right),
        "Wrong readings": _cases(plate for plate in wrong if not plate.raw_right),
        "Not found": _cases(missed),
        "False plates": false_plates,
    }
    return {
        name: sorted(cases, key=_confidence, reverse=True)[:most]
        for name, cases in kinds.items()
        if cases
    }


def _cases(plates: Iterable[PlateOutcome]) -> list[Case]:
    return [
        Case(
            plate.photo,
            plate.box or (plate.read.box if plate.read else None),
            PLATE_MARGIN if plate.read else SCENE_MARGIN,
            plate.truth or "",
            plate.read,
        )
        for plate in plates
    ]


def _confidence(case: Case) -> float:
    return case.read.confidence if case.read else 0.0


def draw_cases(folder: Path, cases: Sequence[Case], *, max_pixels: int) -> list[str]:
    """A JPEG for each case, as data URI."""
    return [
        _data_uri(
            _view(
                decode_image((folder / case.photo).read_bytes(), max_pixels=max_pixels),
                case.box,
                case.margin,
            )
        )
        for case in cases
    ]


def _view(frame: Frame, box: BoxF | None, margin: float) -> Frame:
    if box is None:
        return frame
    x1, y1, x2, y2 = box
    across, down = margin * (x2 - x1), margin * (y2 - y1)
    return cut(frame, (x1 - across, y1 - down, x2 + across, y2 + down))


def _data_uri(picture: Frame) -> str:
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    written, encoded = cv2.imencode(".jpg", cv2.resize(picture, size, interpolation=method))
    if not written:
        raise OSError("a picture of the report cannot be encoded")
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"

"""Boxes of known truth, from what `evaluate --min-confidence 0 --json` wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from app.lab.errors import ResultError
from app.lab.evaluation.results import Evaluation
from app.vision.decision import NAMES, Witnesses


@dataclass(frozen=True, slots=True)
class Boxes:
    """`seen` (n, witnesses) in the order of `NAMES`, whether each is a plate, whether its text is
    right, and its photo. Of plates whose text is not `known`, `right` means nothing.

    `importance` makes the photos with plates and those without count the same in all.
    """

    seen: NDArray[np.float64]
    plates: NDArray[np.bool_]
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    importance: NDArray[np.float64]
    photos: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.plates)

    def take(self, rows: NDArray[np.bool_]) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


def boxes_of(evaluations: Sequence[Evaluation]) -> Boxes:
    """All that is known: found labels are plates, what is found in photos without one is none.

    What no label explains in a photo with plates may be one that nobody labelled: it is left out.

    Raises ResultError where nothing was weighed, or photos lack one of both kinds.
    """
    rows: list[_Row] = []
    for evaluation in evaluations:
        name = evaluation.dataset
        for plate in evaluation.plates:
            if plate.read is not None and plate.read.witnesses is not None:
                seen, known = plate.read.witnesses, plate.truth is not None
                rows.append(_Row(seen, True, plate.right, known, f"{name}/{plate.photo}"))
        for photo in evaluation.photos:
            rows += [
                _Row(found.witnesses, False, False, True, f"{name}/{photo.name}")
                for found in photo.unmatched
                if photo.negative and found.witnesses is not None
            ]
    if {row.is_plate for row in rows} != {True, False}:
        raise ResultError(
            "No boxes both with and without a plate were weighed: evaluate photos of both kinds "
            "with --min-confidence 0 and ALPR_DECISION=generic."
        )
    without = sum(photo.negative for each in evaluations for photo in each.photos)
    with_plates = sum(len(each.photos) for each in evaluations) - without
    return Boxes(
        np.array([[getattr(row.seen, name) for name in NAMES] for row in rows]),
        np.array([row.is_plate for row in rows]),
        np.array([row.right for row in rows]),
        np.array([row.known for row in rows]),
        np.array([1.0 if row.is_plate else with_plates / without for row in rows]),
        np.array([row.photo for row in rows]),
    )


class _Row(NamedTuple):
    seen: Witnesses
    is_plate: bool
    right: bool
    known: bool
    photo: str

"""The plate that is most probable given the OCR's distributions and the formats of New Zealand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.nz.alignment import Change, changes
from app.nz.calibration import Calibration, load_calibration
from app.nz.formats import FURTHEST_ISSUED, PERSONALISED
from app.nz.grammar import plate_shapes
from app.nz.lattice import Lattice
from app.nz.validation import Validation, validate


@dataclass(frozen=True, slots=True)
class Candidate:
    """``probability`` is the posterior among all plates of all formats and texts that are none."""

    plate: str
    format: str
    probability: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction changed in the raw text, and why in a sentence."""

    changes: tuple[Change, ...]
    format: str
    probability: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """``raw`` and its ``validation`` are what the OCR read; a correction never changes them."""

    raw: str
    validation: Validation
    corrected_plate: str | None
    candidates: tuple[Candidate, ...]
    correction: Correction | None


class PlateDecoder:
    """Reads plates of one OCR; safe to share by threads.

    ``alphabet`` names the OCR's classes, capitals and digits among them, ``pad_char`` the one that
    fills the slots after a plate. A correction is offered from the posterior ``threshold`` on,
    which must be at least 0.5: only then is the best candidate known to be the most probable one
    of all plates. Without a ``calibration`` the generic one for an OCR not measured is taken.
    """

    def __init__(
        self,
        alphabet: str,
        pad_char: str,
        *,
        threshold: float,
        calibration: Calibration | None = None,
        furthest_issued: str = FURTHEST_ISSUED,
    ) -> None:
        if pad_char not in alphabet or len(set(alphabet)) != len(alphabet):
            raise ValueError("the alphabet needs distinct characters, the padding among them")
        if not 0.5 <= threshold <= 1:
            raise ValueError(f"threshold must be between 0.5 and 1, not {threshold}")
        self._alphabet = alphabet
        self._pad_char = pad_char
        self._threshold = threshold
        self._calibration = calibration or load_calibration()
        self._furthest_issued = furthest_issued
        self._emissions = self._calibration.emissions(alphabet, pad_char)
        self._shapes = {
            small: plate_shapes(furthest_issued=furthest_issued, small_plate=small)
            for small in (False, True)
        }
        self._lattices: dict[tuple[int, bool], Lattice] = {}

    def decode(self, probabilities: NDArray[np.float32], *, small_plate: bool = False) -> Reading:
        """Read ``probabilities`` (slots, alphabet), each row a distribution over the alphabet.

        ``small_plate`` says that the box is near square. Raises ValueError for another shape.
        """
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self._alphabet):
            raise ValueError(f"expected (slots, {len(self._alphabet)}), got {probabilities.shape}")
        best = probabilities.argmax(axis=1)
        raw = "".join([self._alphabet[column] for column in best.tolist()]).rstrip(self._pad_char)
        validation = validate(raw, furthest_issued=self._furthest_issued, small_plate=small_plate)
        lattice = self._lattice(len(probabilities), small_plate)
        candidates = tuple(
            Candidate(found.plate, found.format, found.probability)
            for found in lattice.posteriors(
                self._emissions(probabilities), self._calibration.slip_odds(probabilities)
            )
        )
        correction = self._correction(validation, candidates)
        return Reading(
            raw, validation, candidates[0].plate if correction else None, candidates, correction
        )

    def _lattice(self, slots: int, small_plate: bool) -> Lattice:
        key = (slots, small_plate)
        if key not in self._lattices:
            self._lattices[key] = Lattice(
                self._shapes[small_plate],
                self._alphabet,
                self._pad_char,
                slots=slots,
                slips=self._calibration.slips,
                text_prior=self._calibration.text_prior,
            )
        return self._lattices[key]

    def _correction(
        self, validation: Validation, candidates: tuple[Candidate, ...]
    ) -> Correction | None:
        if not candidates:
            return None
        best = candidates[0]
        if (
            best.format == PERSONALISED
            or best.plate == validation.normalized
            or best.probability < self._threshold
        ):
            return None
        raw_is = f"fits {validation.format}" if validation.valid else "is no plate"
        reason = (
            f"{best.plate} is the most probable plate ({best.probability:.1%}, format "
            f"{best.format}); the text as read {raw_is}"
        )
        edits = changes(validation.normalized, best.plate)
        return Correction(edits, best.format, best.probability, reason)

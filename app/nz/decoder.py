"""The plate that is most probable given the OCR's distributions and the formats of New Zealand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.nz.alignment import Change, changes
from app.nz.calibration import Calibration, load_calibration
from app.nz.evidence import Evidence
from app.nz.formats import FURTHEST_ISSUED
from app.nz.grammar import plate_shapes
from app.nz.lattice import Lattice, Posterior, Posteriors
from app.nz.series import PERSONALISED
from app.nz.texts import text_prior
from app.nz.validation import Validation, validate

BOLD_DOUBT: Final = 2
"""How many times doubt counts in a correction that the formats speak less for: of a text that is a
plate of a series itself, as a misread one seldom is, or to a personalised plate, as any text is."""

ALTERNATIVE: Final = 0.05
"""Share of the best hypothesis's probability, a plate or the text being none, from which another
plate is a candidate. Systems that look every candidate up in a list of plates must not meet one
that nobody would take for the plate in the picture; of 1,036 drawn plates the truth was among the
first three candidates at 934 instead of 939, with 374 other plates instead of 2,169."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """``probability`` is the posterior among all plates of all formats and texts that are none."""

    plate: str
    format: str
    probability: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction changed in the raw text, and why in a sentence.

    ``certainty`` is what the threshold is compared with: 1 less the doubt in the correction, which
    counts ``BOLD_DOUBT`` times where the formats speak less for it.
    """

    changes: tuple[Change, ...]
    format: str
    probability: float
    certainty: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """``raw`` and its ``validation`` are what the OCR read; a correction never changes them.

    ``candidates`` are the plates that it may be, see ``ALTERNATIVE``; none where it is surely no
    New Zealand plate. ``lawful`` is the probability that it is one, whichever.
    """

    raw: str
    validation: Validation
    corrected_plate: str | None
    candidates: tuple[Candidate, ...]
    correction: Correction | None
    lawful: float


@dataclass(frozen=True, slots=True)
class Prior:
    """Probability that a plate shows a text, before any look at it: as a plate of New Zealand, of
    ``format`` (None where no plate may show it), and as one that is none."""

    format: str | None
    lawful: float
    foreign: float


class PlateDecoder:
    """Reads plates of one OCR; safe to share by threads.

    ``alphabet`` names the OCR's classes, capitals and digits among them, ``pad_char`` the one that
    fills the slots after a plate. A correction is offered from the certainty ``threshold`` on,
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
        self.threshold = threshold
        self.calibration = calibration or load_calibration()
        self._furthest_issued = furthest_issued
        self._calibrated = self.calibration.calibrated(alphabet, pad_char)
        self._shapes = {
            small: plate_shapes(furthest_issued=furthest_issued, small_plate=small)
            for small in (False, True)
        }
        self._lattices: dict[tuple[int, bool], Lattice] = {}

    def decode(
        self,
        probabilities: NDArray[np.float32],
        *,
        raw: str | None = None,
        small_plate: bool = False,
        warning: str | None = None,
        whole: bool = True,
    ) -> Reading:
        """Read ``probabilities`` (slots, alphabet), each row a distribution over the alphabet.

        ``raw`` is what was read before, where these are the probabilities of another look at the
        plate; left out, it is their most likely text. ``small_plate`` says that the box is near
        square. ``warning`` goes into the validation. Of a plate that is not ``whole`` only the text
        is judged: which plate it was part of, nobody can tell. Raises ValueError for another shape.
        """
        seen = self.evidence(probabilities)
        if raw is None:
            best = probabilities.argmax(axis=1).tolist()
            raw = "".join([self._alphabet[column] for column in best]).replace(self._pad_char, "")
        return self.choose([seen], raw, small_plate=small_plate, warning=warning, whole=whole)

    def evidence(self, probabilities: NDArray[np.float32]) -> Evidence:
        """What a look says about every plate, from ``probabilities`` as for ``decode``."""
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self._alphabet):
            raise ValueError(f"expected (slots, {len(self._alphabet)}), got {probabilities.shape}")
        emissions, odds = self._calibrated(probabilities)
        return Evidence(self._alphabet, self._pad_char, self.calibration.slips, emissions, odds)

    def choose(
        self,
        looks: Sequence[Evidence],
        raw: str,
        *,
        weights: Sequence[float] | None = None,
        small_plate: bool = False,
        warning: str | None = None,
        whole: bool = True,
    ) -> Reading:
        """The most probable plate of one or several looks of this decoder's OCR at the same plate.

        ``weights``, positive, count the looks; 1 each if left out. The rest is as for ``decode``.
        """
        validation = validate(
            raw,
            furthest_issued=self._furthest_issued,
            small_plate=small_plate,
            warning=warning,
        )
        if not whole:
            return Reading(raw, validation, None, (), None, lawful=0.0)
        lattice = self._lattice(len(looks[0].emissions), small_plate)
        found = lattice.posteriors(looks, weights)
        correction = self._correction(validation, found.plates)
        return Reading(
            raw,
            validation,
            found.plates[0].plate if correction else None,
            _candidates(found),
            correction,
            1 - found.foreign,
        )

    def validate(self, text: str, *, small_plate: bool = False) -> Validation:
        """What the formats say of a text."""
        return validate(text, furthest_issued=self._furthest_issued, small_plate=small_plate)

    def prior(self, text: str, *, small_plate: bool = False) -> Prior:
        """How often plates show this text, in capitals and without spaces."""
        shapes = [
            shape
            for shape in self._shapes[small_plate]
            if len(shape.classes) == len(text)
            and all(text[i] in members for i, members in enumerate(shape.classes))
        ]
        lawful = sum(shape.plate_prior for shape in shapes)
        foreign = self.calibration.text_prior
        return Prior(
            shapes[0].format if shapes else None,
            (1 - foreign) * lawful,
            foreign * text_prior(text),
        )

    def _lattice(self, slots: int, small_plate: bool) -> Lattice:
        key = (slots, small_plate)
        if key not in self._lattices:
            self._lattices[key] = Lattice(
                self._shapes[small_plate],
                self._alphabet,
                self._pad_char,
                slots=slots,
                slips=self.calibration.slips,
                text_prior=self.calibration.text_prior,
            )
        return self._lattices[key]

    def _correction(
        self, validation: Validation, found: tuple[Posterior, ...]
    ) -> Correction | None:
        """A personalised plate has no series to speak for it, and other countries' look alike; so
        for it counts what the text is, whether it is such a plate or not."""
        if not found:
            return None
        best = found[0]
        probability = best.legible if best.format == PERSONALISED else best.probability
        in_series = validation.valid and validation.format != PERSONALISED
        bold = in_series or best.format == PERSONALISED
        certainty = 1 - (BOLD_DOUBT if bold else 1) * (1 - probability)
        if best.plate == validation.normalized or certainty < self.threshold:
            return None
        raw_is = f"fits {validation.format}" if validation.valid else "is no plate"
        reason = (
            f"{best.plate} is the most probable plate ({probability:.1%}, format "
            f"{best.format}); the text as read {raw_is}"
        )
        edits = changes(validation.normalized, best.plate)
        return Correction(edits, best.format, probability, certainty, reason)


def _candidates(found: Posteriors) -> tuple[Candidate, ...]:
    least = ALTERNATIVE * max([found.foreign, *(each.probability for each in found.plates)])
    return tuple(
        Candidate(each.plate, each.format, each.probability)
        for each in found.plates
        if each.probability >= least
    )

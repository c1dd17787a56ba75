"""Wrong answers by who could mend them: detector, grammar, or only a better reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from app.lab.evaluation.results import PlateOutcome
from app.nz.formats import format_of
from app.nz.series import PERSONALISED

Cause = Literal["missed", "foreign", "outside_grammar", "within_grammar"]
CAUSES: Final[dict[Cause, str]] = {
    "missed": "not found, or nothing read off it",
    "within_grammar": "the wrong text is as lawful as the true one: no rule can tell",
    "outside_grammar": "the wrong text is no plate, or of no series while the true one is",
    "foreign": "the true text is no New Zealand plate: the grammar has no say",
}


@dataclass(frozen=True, slots=True)
class RemainingError:
    """`text` is the answer with its correction; `rank` the place of the truth among the candidates.

    It counts from 1 and is None where the truth is not among them.
    """

    photo: str
    truth: str
    raw: str
    text: str
    confidence: float
    cause: Cause
    rank: int | None


def cause_of(truth: str, text: str | None) -> Cause:
    """Why the wrong `text` was given for `truth`; None where there was no answer."""
    if not text:
        return "missed"
    true_format, read_format = format_of(truth), format_of(text)
    if true_format is None:
        return "foreign"
    if read_format is None:
        return "outside_grammar"
    if read_format.name == PERSONALISED and true_format.name != PERSONALISED:
        return "outside_grammar"
    return "within_grammar"


def remaining_errors(plates: Iterable[PlateOutcome]) -> tuple[RemainingError, ...]:
    """All wrong answers to plates of known text, the most confident first within each cause."""
    errors = [
        _describe(plate, plate.truth)
        for plate in plates
        if plate.truth is not None and not plate.right
    ]
    order = list(CAUSES)
    errors.sort(key=lambda error: (order.index(error.cause), -error.confidence))
    return tuple(errors)


def _describe(plate: PlateOutcome, truth: str) -> RemainingError:
    read = plate.read
    if read is None:
        return RemainingError(plate.photo, truth, "", "", 0.0, "missed", None)
    ranks = [rank for rank, found in enumerate(read.candidates, 1) if found.plate == truth]
    return RemainingError(
        plate.photo,
        truth,
        read.raw,
        read.text,
        read.confidence,
        cause_of(truth, read.text),
        ranks[0] if ranks else None,
    )

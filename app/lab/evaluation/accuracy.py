"""How many plates were read right, and what the corrections did to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.evaluation.characters import matching_characters
from app.lab.evaluation.outcomes import PlateOutcome
from app.lab.evaluation.rates import Rate, rate, share

TOP: Final = 3


@dataclass(frozen=True, slots=True)
class PlateMetrics:
    """Each plate is correct, partial (a wrong text with at least one character in place) or failed.

    `character_accuracy` is that of `CharacterReport`, over the plates that were read.
    """

    plate_accuracy: Rate
    partial_match_rate: Rate
    character_accuracy: Rate
    total_samples: int
    correct: int
    partial: int
    failed: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of plates read right by the raw text, with corrections, and within the first three.

    The first three are the text with its correction and the most probable candidates after it.
    """

    raw: Rate
    corrected: Rate
    top3: Rate


@dataclass(frozen=True, slots=True)
class Corrections:
    """`offered` of all plates read; `gained` of the wrong raw texts, made right; `lost` of the
    right ones, made wrong; `changed` of the wrong ones, to another wrong text.
    """

    offered: Rate
    gained: Rate
    lost: Rate
    changed: Rate


def plate_metrics(
    pairs: Sequence[tuple[str, str | None]], character_accuracy: Rate
) -> PlateMetrics:
    """Judge pairs of true text and text read, None where no plate was found."""
    correct = sum(true == read for true, read in pairs)
    partial = sum(
        read is not None and read != true and matching_characters(true, read) > 0
        for true, read in pairs
    )
    total = len(pairs)
    return PlateMetrics(
        plate_accuracy=rate(correct, total),
        partial_match_rate=rate(partial, total),
        character_accuracy=character_accuracy,
        total_samples=total,
        correct=correct,
        partial=partial,
        failed=total - correct - partial,
    )


def accuracy(plates: Iterable[PlateOutcome]) -> Accuracy:
    """Over plates of known text; those not found count as wrong."""
    outcomes = list(plates)
    return Accuracy(
        share(plate.raw_right for plate in outcomes),
        share(plate.right for plate in outcomes),
        share(plate.within_top(TOP) for plate in outcomes),
    )


def corrections(plates: Iterable[PlateOutcome]) -> Corrections:
    """Over plates of known text that were read."""
    read = [plate for plate in plates if plate.read is not None]
    right = [plate for plate in read if plate.raw_right]
    wrong = [plate for plate in read if not plate.raw_right]
    return Corrections(
        offered=share(_is_corrected(plate) for plate in read),
        gained=share(plate.right for plate in wrong),
        lost=share(not plate.right for plate in right),
        changed=share(_is_corrected(plate) and not plate.right for plate in wrong),
    )


def _is_corrected(plate: PlateOutcome) -> bool:
    return plate.read is not None and plate.read.text != plate.read.raw

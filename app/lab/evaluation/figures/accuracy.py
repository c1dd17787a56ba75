"""How many plates were found and read right, and what the corrections did to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.evaluation.figures.characters import matching_characters
from app.lab.evaluation.figures.rates import Rate, rate, share
from app.lab.evaluation.results import PhotoOutcome, PlateOutcome

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


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """`recall` and `precision` at IoU >= 0.5, over plates with a box; `found` as in `matching`.

    `false_plates` counts plates of the answer that are none, on photos whose labels are complete;
    it is None where no photo's are, and `precision` where that holds for photos without a plate
    only. `negatives_with_plate` is the share of photos without a plate that were given one.
    """

    recall: Rate
    found: Rate
    precision: Rate | None
    false_plates: int | None
    negatives_with_plate: Rate
    unreadable_photos: int
    rejected: dict[str, int]


def report_detection(
    plates: Sequence[PlateOutcome], photos: Sequence[PhotoOutcome]
) -> DetectionReport:
    complete = {photo.name for photo in photos if photo.fully_labelled}
    negative = {photo.name for photo in photos if photo.negative}
    rejected: dict[str, int] = {}
    for photo in photos:
        for reason, count in photo.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    false_plates = sum(len(photo.unmatched) for photo in photos if photo.fully_labelled)
    answered = [plate for plate in plates if plate.photo in complete and plate.read is not None]
    detected = sum(plate.detected for plate in answered)
    return DetectionReport(
        recall=share(plate.detected for plate in plates if plate.box is not None),
        found=share(plate.read is not None for plate in plates),
        precision=rate(detected, len(answered) + false_plates) if complete - negative else None,
        false_plates=false_plates if complete else None,
        negatives_with_plate=share(bool(photo.unmatched) for photo in photos if photo.negative),
        unreadable_photos=sum(photo.error is not None for photo in photos),
        rejected=rejected,
    )

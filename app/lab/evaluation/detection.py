"""How well plates are found."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.lab.evaluation.outcomes import PhotoOutcome, PlateOutcome
from app.lab.evaluation.rates import Rate, rate, share


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

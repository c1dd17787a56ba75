"""What plates of the standard series in good conditions are to be read like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.evaluation.figures.accuracy import plate_metrics
from app.lab.evaluation.figures.characters import report_characters
from app.lab.evaluation.figures.circumstances import is_easy
from app.lab.evaluation.figures.rates import Rate, share
from app.lab.evaluation.results import PhotoOutcome, PlateOutcome

MORE_THAN: Final = {"plates": 0.95, "characters": 0.98}
LESS_THAN: Final = {"partial": 0.05, "false": 0.01}


@dataclass(frozen=True, slots=True)
class Target:
    """Shares of plates read right, of characters right in those found, of plates read in part, and
    of photos without a plate that are given one, in turn."""

    name: str
    share: Rate

    @property
    def bound(self) -> float:
        return (MORE_THAN | LESS_THAN)[self.name]

    @property
    def met(self) -> bool:
        value = self.share.value
        if value is None:
            return False
        return value > self.bound if self.name in MORE_THAN else value < self.bound

    @property
    def settled(self) -> bool:
        """Whether the sample is large enough to say so: its interval leaves the bound out."""
        return not self.share.low <= self.bound <= self.share.high


def judge(plates: Sequence[PlateOutcome], photos: Sequence[PhotoOutcome]) -> tuple[Target, ...]:
    """Of the plates those that are easy; targets of which there is nothing to tell are left out.

    Photos with a plate do not count as false ones: some show others that nobody labelled.
    """
    texts = [
        (plate.truth, plate.read.text if plate.read else None)
        for plate in plates
        if plate.truth is not None and is_easy(plate)
    ]
    read = [(truth, text) for truth, text in texts if text is not None]
    metrics = plate_metrics(texts, report_characters(read).accuracy)
    shares = {
        "plates": metrics.plate_accuracy,
        "characters": metrics.character_accuracy,
        "partial": metrics.partial_match_rate,
        "false": share(bool(photo.unmatched) for photo in photos if photo.negative),
    }
    return tuple(Target(name, found) for name, found in shares.items() if found.total)

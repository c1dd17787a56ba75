"""What is answered, right and wrong, the fewer texts are trusted.

A wrong answer is a text that is not what the plate shows, or one where no plate is. Precision is
the share of right ones among the answers, recall their share of the plates there were to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.evaluation.figures.rates import Rate, rate
from app.lab.evaluation.results import PhotoOutcome, PlateOutcome, ReadPlate

SURE: Final = 0.8
"""Confidence from which a plate that is not there does harm."""
ENFORCEMENT: Final = 0.995
"""Share of right answers that somebody needs who acts on texts."""


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    """Answers of at least the text confidence `threshold`: right texts, wrong ones on a plate, and
    texts where no plate is."""

    threshold: float
    right: int
    wrong: int
    nowhere: int
    precision: Rate
    recall: Rate


@dataclass(frozen=True, slots=True)
class AnswerCurve:
    """A point for each distinct confidence, falling: `every` is the last of them, all that was
    answered, and `enforcement` the last that reaches the precision of that name; None for none."""

    points: tuple[AnswerPoint, ...]
    every: AnswerPoint | None
    enforcement: AnswerPoint | None


def answer_curve(plates: Sequence[PlateOutcome], photos: Sequence[PhotoOutcome]) -> AnswerCurve:
    """Of plates of known text, and of what photos show besides where that is known."""
    readable = [plate for plate in plates if plate.truth is not None]
    answers = [
        (_sure(plate.read), "right" if plate.right else "wrong")
        for plate in readable
        if plate.read is not None
    ]
    for photo in photos:
        if photo.fully_labelled:
            answers += [(_sure(found), "nowhere") for found in photo.unmatched]
    answers.sort(key=lambda answer: -answer[0])
    counts = {"right": 0, "wrong": 0, "nowhere": 0}
    points: list[AnswerPoint] = []
    for number, (confidence, kind) in enumerate(answers, start=1):
        counts[kind] += 1
        if number == len(answers) or answers[number][0] < confidence:
            points.append(
                AnswerPoint(
                    confidence,
                    **counts,
                    precision=rate(counts["right"], number),
                    recall=rate(counts["right"], len(readable)),
                )
            )
    enough = [point for point in points if (point.precision.value or 0.0) >= ENFORCEMENT]
    return AnswerCurve(
        tuple(points), points[-1] if points else None, enough[-1] if enough else None
    )


def _sure(found: ReadPlate) -> float:
    """How sure the text is; older results have the OCR's confidence only."""
    return found.confidence if found.text_confidence is None else found.text_confidence

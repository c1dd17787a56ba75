"""All figures of an evaluation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from app.lab.evaluation.figures.accuracy import (
    Accuracy,
    Corrections,
    DetectionReport,
    PlateMetrics,
    accuracy,
    corrections,
    plate_metrics,
    report_detection,
)
from app.lab.evaluation.figures.answers import AnswerCurve, answer_curve
from app.lab.evaluation.figures.breakdown import COLUMNS, Group, break_down
from app.lab.evaluation.figures.characters import CharacterReport, report_characters
from app.lab.evaluation.figures.confidence import (
    Reliability,
    RiskCoverage,
    reliability,
    risk_coverage,
)
from app.lab.evaluation.figures.remaining import RemainingError, remaining_errors
from app.lab.evaluation.figures.timing import Timing, summarise_timings
from app.lab.evaluation.results import Evaluation, PlateOutcome, ReadPlate

RAW: Final = "raw"
CORRECTED: Final = "corrected"
OCR: Final = "raw text by OCR confidence"
POSTERIOR: Final = "best candidate by posterior"


@dataclass(frozen=True, slots=True)
class Confidence:
    """One way to be sure of a text. False plates are in `risk_coverage`, as wrong answers."""

    reliability: Reliability
    risk_coverage: RiskCoverage


@dataclass(frozen=True, slots=True)
class Summary:
    """`metrics` and `characters` have the keys "raw" and "corrected"; `accuracy_of_read` leaves out
    the plates that were not found. `detection` is None for crops, texts are none where no label
    has one. `answers` are by text confidence. `confidence` has the two keys above.
    """

    detection: DetectionReport | None
    accuracy: Accuracy
    accuracy_of_read: Accuracy
    corrections: Corrections
    metrics: dict[str, PlateMetrics]
    characters: dict[str, CharacterReport]
    answers: AnswerCurve
    confidence: dict[str, Confidence]
    breakdown: dict[str, tuple[Group, ...]]
    remaining: tuple[RemainingError, ...]
    timings_ms: dict[str, Timing]


_ADAPTER: Final = TypeAdapter(Summary)


def summary_body(summary: Summary) -> dict[str, object]:
    """Plain values for JSON."""
    body: dict[str, object] = _ADAPTER.dump_python(summary, mode="json")
    return body


def summarise(evaluation: Evaluation, extra_columns: Sequence[str] = ()) -> Summary:
    """Compute all figures; `extra_columns` are further columns of the labels to break down by."""
    readable = [plate for plate in evaluation.plates if plate.truth is not None]
    read = [plate for plate in readable if plate.read is not None]
    texts = {
        RAW: [(truth, found.raw if found else None) for truth, found in _answers(readable)],
        CORRECTED: [(truth, found.text if found else None) for truth, found in _answers(readable)],
    }
    characters = {
        name: report_characters((true, text) for true, text in pairs if text is not None)
        for name, pairs in texts.items()
    }
    return Summary(
        detection=(
            report_detection(evaluation.plates, evaluation.photos)
            if evaluation.mode == "photos"
            else None
        ),
        accuracy=accuracy(readable),
        accuracy_of_read=accuracy(read),
        corrections=corrections(readable),
        metrics={
            name: plate_metrics(pairs, characters[name].accuracy) for name, pairs in texts.items()
        },
        characters=characters,
        answers=answer_curve(evaluation.plates, evaluation.photos),
        confidence=_confidence(evaluation, read, len(readable)),
        breakdown=break_down(evaluation.plates, (*COLUMNS, *extra_columns)),
        remaining=remaining_errors(readable),
        timings_ms=summarise_timings(photo.timings_ms for photo in evaluation.photos),
    )


def _answers(plates: Iterable[PlateOutcome]) -> list[tuple[str, ReadPlate | None]]:
    return [(plate.truth, plate.read) for plate in plates if plate.truth is not None]


def _confidence(
    evaluation: Evaluation, read: Sequence[PlateOutcome], plates: int
) -> dict[str, Confidence]:
    false_plates = [
        found for photo in evaluation.photos if photo.fully_labelled for found in photo.unmatched
    ]
    answers = [(truth, found) for truth, found in _answers(read) if found is not None]
    by_ocr = [(found.confidence, found.raw == truth) for truth, found in answers]
    by_posterior = [
        (found.best.probability, found.best.plate == truth)
        for truth, found in answers
        if found.best is not None
    ]
    return {
        OCR: _judge(by_ocr, [found.confidence for found in false_plates], plates),
        POSTERIOR: _judge(
            by_posterior, [found.best.probability for found in false_plates if found.best], plates
        ),
    }


def _judge(
    answers: Sequence[tuple[float, bool]], of_false_plates: Sequence[float], plates: int
) -> Confidence:
    scores = [score for score, _ in answers]
    right = [flag for _, flag in answers]
    return Confidence(
        reliability(scores, right),
        risk_coverage(
            [*scores, *of_false_plates], right + [False] * len(of_false_plates), plates=plates
        ),
    )

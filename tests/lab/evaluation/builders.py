"""Outcomes made by hand."""

from app.lab.evaluation.matching import BoxF
from app.lab.evaluation.results import (
    Evaluation,
    Mode,
    PhotoOutcome,
    PlateOutcome,
    RankedPlate,
    ReadPlate,
)

BOX: BoxF = (10.0, 10.0, 110.0, 40.0)


def read(
    raw: str,
    *,
    corrected: str | None = None,
    candidates: tuple[tuple[str, float], ...] = (),
    confidence: float = 0.9,
) -> ReadPlate:
    ranked = tuple(RankedPlate(plate, "standard", share) for plate, share in candidates)
    return ReadPlate(raw, confidence, corrected, ranked, BOX, 0.8)


def plate(
    truth: str | None,
    found: ReadPlate | None,
    *,
    photo: str = "a.jpg",
    index: int = 0,
    iou: float | None = 0.9,
    tags: dict[str, str] | None = None,
) -> PlateOutcome:
    return PlateOutcome(photo, index, truth, BOX, tags or {}, found, iou if found else None)


def photo(
    name: str = "a.jpg",
    *,
    unmatched: tuple[ReadPlate, ...] = (),
    negative: bool = False,
    fully_labelled: bool = True,
    error: str | None = None,
) -> PhotoOutcome:
    timings = {"detect": 20.0, "ocr": 5.0}
    return PhotoOutcome(name, fully_labelled, negative, unmatched, timings, {}, error)


def evaluation(
    plates: tuple[PlateOutcome, ...],
    photos: tuple[PhotoOutcome, ...] = (),
    *,
    mode: Mode = "photos",
) -> Evaluation:
    return Evaluation(
        dataset="data",
        mode=mode,
        where=(),
        recall_only=False,
        detector="detector",
        ocr="ocr",
        options={"enhance": "off"},
        created="2026-01-01T00:00:00+00:00",
        plates=plates,
        photos=photos,
    )

"""Readings, one by one as they come, to an evaluation."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from app.lab.evaluation.results import Evaluation, Mode
from app.lab.evaluation.run import PhotoReading
from app.vision.pipeline import ReadOptions
from app.weights.resolve import Weights

_T = TypeVar("_T")


def gather(
    readings: Sequence[PhotoReading],
    weights: Weights,
    *,
    dataset: str,
    options: ReadOptions | None,
    where: Iterable[str] = (),
    recall_only: bool = False,
) -> Evaluation:
    """Crops have no `options`, for they were not searched for."""
    mode: Mode = "crops" if options is None else "photos"
    return Evaluation(
        dataset=dataset,
        mode=mode,
        where=tuple(where),
        recall_only=recall_only,
        detector=None if options is None else weights.detector.name,
        ocr=weights.ocr.name,
        options={} if options is None else _in_words(options),
        created=now(),
        plates=tuple(plate for reading in readings for plate in reading.plates),
        photos=tuple(reading.photo for reading in readings),
    )


def _in_words(options: ReadOptions) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(options).items()}


def now() -> str:
    """UTC, to the second (ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def with_progress(items: Iterable[_T], total: int, doing: str) -> Iterator[_T]:
    """The items, with a bar on standard error while they come, if that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield from bar.track(items, total=total, description=doing)

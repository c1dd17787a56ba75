"""What `evaluate` does: data set to figures, then tables, JSON and report."""

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress

from app.building import build_pipeline
from app.config import Settings
from app.errors import InvalidRequest
from app.evaluation.dataset import Photo, load_dataset, parse_condition
from app.evaluation.errors import DatasetError
from app.evaluation.html import html_report
from app.evaluation.outcomes import Evaluation, evaluation_body
from app.evaluation.reading import Outcome, read_crops, read_photos
from app.evaluation.summary import summarise, summary_body
from app.evaluation.table import summary_tables
from app.vision.pipeline import ReadOptions
from app.weights.resolve import resolve_weights


def run(arguments: argparse.Namespace) -> int:
    """The command; see `app.cli.evaluate`. Status 1 if a picture could not be decoded."""
    settings = Settings()
    evaluation = measure(arguments, settings)
    summary = summarise(evaluation, arguments.by)
    if arguments.json is not None:
        body = {**evaluation_body(evaluation), "summary": summary_body(summary)}
        arguments.json.write_text(json.dumps(body, indent=1) + "\n")
    if arguments.html is not None:
        arguments.html.write_text(
            html_report(
                evaluation,
                summary,
                arguments.dataset,
                worst=arguments.worst,
                max_pixels=settings.max_pixels,
            )
        )
    Console().print(summary_tables(evaluation, summary))
    return 1 if any(photo.error for photo in evaluation.photos) else 0


def measure(arguments: argparse.Namespace, settings: Settings) -> Evaluation:
    """Read the data set with the networks of the settings. Raises AlprError."""
    if arguments.crops and (arguments.enhance or arguments.min_confidence is not None):
        raise InvalidRequest("--enhance and --min-confidence do not go with --crops.")
    try:
        conditions = [parse_condition(text) for text in arguments.where]
    except ValueError as error:
        raise InvalidRequest(f"--where: {error}.") from error
    photos = load_dataset(arguments.dataset, conditions)
    weights = resolve_weights(settings)
    pipeline = build_pipeline(settings, weights, threads=len(os.sched_getaffinity(0)))
    if arguments.crops:
        photos = [photo for photo in photos if any(one.text for one in photo.labels)]
        if not photos:
            raise DatasetError(f"{arguments.dataset} has no plate of known text to read.")
        outcomes = read_crops(
            pipeline,
            photos,
            max_pixels=settings.max_pixels,
            small_aspect_ratio=settings.small_plate_aspect_ratio,
        )
    else:
        options = ReadOptions(
            min_confidence=(
                settings.min_confidence
                if arguments.min_confidence is None
                else arguments.min_confidence
            ),
            enhance=arguments.enhance or settings.enhance,
        )
        outcomes = read_photos(pipeline, photos, options, recall_only=arguments.recall_only)
    collected = list(_with_progress(outcomes, photos))
    return Evaluation(
        dataset=str(arguments.dataset),
        mode="crops" if arguments.crops else "photos",
        where=tuple(arguments.where),
        recall_only=arguments.recall_only,
        detector=None if arguments.crops else weights.detector.name,
        ocr=weights.ocr.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        plates=tuple(plate for outcome in collected for plate in outcome.plates),
        photos=tuple(outcome.photo for outcome in collected),
    )


def _with_progress(outcomes: Iterable[Outcome], photos: Sequence[Photo]) -> Iterator[Outcome]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(outcomes, total=len(photos), description="reading")

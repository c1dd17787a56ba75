"""What `evaluate` does: data set to figures, then tables, JSON and report."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from app import arguments as types
from app.building import build_engine
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.errors import DatasetError
from app.lab.evaluation.clips.command import run_clips
from app.lab.evaluation.clips.dataset import is_clip_set
from app.lab.evaluation.conditions import condition_argument
from app.lab.evaluation.dataset import Photo, load_dataset
from app.lab.evaluation.gates.command import run_gates
from app.lab.evaluation.gathering import gather, with_progress
from app.lab.evaluation.report.html import html_report
from app.lab.evaluation.report.table import summary_tables
from app.lab.evaluation.results import Evaluation, evaluation_body
from app.lab.evaluation.run import read_crops, read_photos, to_samples
from app.lab.evaluation.suite import command as suite
from app.lab.evaluation.summary import summarise, summary_body
from app.vision.pipeline import ReadOptions
from app.weights.resolve import resolve_weights


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "DATASET is a folder with a labels.csv (file, text, x1, y1, x2, y2, and any "
        "other columns), or one whose file names are the plates; or one of clips, with a "
        "labels.csv of passes (file, text, start_s, end_s). The files written by --json, "
        "--samples and --html name plates: keep them private."
    )
    parser.add_argument("dataset", type=Path, nargs="?", metavar="DATASET")
    parser.add_argument(
        "--crops",
        action="store_true",
        help="OCR alone: pictures of one plate as they are, others cut along the labelled boxes",
    )
    parser.add_argument(
        "--where",
        type=condition_argument,
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these rows, e.g. split=test or source!=negatives; may be repeated",
    )
    parser.add_argument(
        "--by", action="append", default=[], metavar="COLUMN", help="another column to break down"
    )
    parser.add_argument(
        "--recall-only",
        action="store_true",
        help="photos or clips show plates without a label: leave out precision",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and outcomes")
    parser.add_argument(
        "--samples",
        type=Path,
        metavar="FILE.npz",
        help="write what the OCR saw, for python -m app.lab.calibration; "
        "conditions are those of --by",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots")
    parser.add_argument(
        "--worst", type=types.natural, default=24, help="worst cases in the report (default 24)"
    )
    parser.add_argument("--min-confidence", type=types.share, help="lowest plate confidence")
    parser.add_argument("--detail", choices=("low", "auto", "high"))
    parser.add_argument("--enhance", choices=("off", "auto", "always"))
    parser.add_argument(
        "--fps", type=types.seconds, help="clips: frames read for each second of video"
    )
    parser.add_argument("--list", action="store_true", help="clips: list what was not read right")
    parser.add_argument(
        "--gates",
        action="store_true",
        help="how often a gate lets strangers in and refuses owners, and what lists find",
    )
    suite.configure(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, write. Status 1 if a picture or a clip could not be decoded."""
    settings = Settings()
    if arguments.suite:
        return suite.run_suite(arguments, settings)
    suite.refuse_alone(arguments)
    if arguments.dataset is None:
        raise InvalidRequest("Name a DATASET.")
    if arguments.gates:
        return run_gates(arguments, settings)
    if is_clip_set(arguments.dataset):
        return run_clips(arguments, settings)
    if arguments.fps or arguments.list:
        raise InvalidRequest("--fps and --list are for clips.")
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
    photos = _load_photos(arguments)
    options = _options(arguments, settings)
    weights = resolve_weights(settings)
    engine = build_engine(settings, weights)
    try:
        if arguments.crops:
            outcomes = read_crops(
                engine.pipeline,
                photos,
                max_pixels=settings.max_pixels,
            )
        else:
            outcomes = read_photos(
                engine.pipeline, photos, options, recall_only=arguments.recall_only
            )
        collected = list(with_progress(outcomes, len(photos), "reading"))
        if arguments.samples is not None:
            seen = [sample for outcome in collected for sample in outcome.samples]
            to_samples(engine.pipeline, seen, arguments.by).save(arguments.samples)
    finally:
        engine.close()
    return gather(
        collected,
        weights,
        dataset=str(arguments.dataset),
        options=None if arguments.crops else options,
        where=map(str, arguments.where),
        recall_only=arguments.recall_only,
    )


def _load_photos(arguments: argparse.Namespace) -> list[Photo]:
    photos = load_dataset(arguments.dataset, arguments.where)
    if not arguments.crops:
        return photos
    with_text = [photo for photo in photos if any(label.text for label in photo.labels)]
    if not with_text:
        raise DatasetError(f"{arguments.dataset} has no plate of known text to read.")
    return with_text


def _options(arguments: argparse.Namespace, settings: Settings) -> ReadOptions:
    confidence: float | None = arguments.min_confidence
    if arguments.crops and (arguments.enhance or arguments.detail or confidence is not None):
        raise InvalidRequest("--min-confidence, --detail and --enhance do not go with --crops.")
    return ReadOptions(
        min_confidence=settings.min_confidence if confidence is None else confidence,
        enhance=arguments.enhance or settings.enhance,
        detail=arguments.detail or settings.detail,
    )

"""What `evaluate` does with clips."""

import argparse
import json
from collections.abc import Iterable, Sequence

from rich.console import Console

from app.building import build_pipeline
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.evaluation.clips.dataset import Clip, load_clips
from app.lab.evaluation.clips.results import ClipEvaluation, clip_evaluation_body
from app.lab.evaluation.clips.run import read_clips
from app.lab.evaluation.clips.summary import clip_summary_body, summarise_clips
from app.lab.evaluation.gathering import now, with_progress
from app.lab.evaluation.report.clips import clip_tables
from app.processors import usable_processors
from app.video.options import VideoQuery
from app.video.watching import WatchOptions
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import Weights, resolve_weights


def run_clips(arguments: argparse.Namespace, settings: Settings) -> int:
    """Watch, print, write. Status 1 if a clip could not be read to its end."""
    evaluation = measure_clips(arguments, settings)
    summary = summarise_clips(evaluation)
    if arguments.json is not None:
        body = {**clip_evaluation_body(evaluation), "summary": clip_summary_body(summary)}
        arguments.json.write_text(json.dumps(body, indent=1) + "\n")
    Console().print(clip_tables(evaluation, summary, with_list=arguments.list))
    return 1 if any(clip.error for clip in evaluation.clips) else 0


def measure_clips(arguments: argparse.Namespace, settings: Settings) -> ClipEvaluation:
    """Watch the clips with the networks of the settings. Raises AlprError."""
    if arguments.crops or arguments.samples or arguments.html or arguments.by:
        raise InvalidRequest("--crops, --samples, --html and --by do not go with clips.")
    clips = load_clips(arguments.dataset, arguments.where)
    query = VideoQuery(
        min_confidence=arguments.min_confidence,
        detail=arguments.detail,
        enhance=arguments.enhance,
        fps=arguments.fps,
    )
    options, fps = query.watch_options(settings), query.frames_a_second(settings)
    weights = resolve_weights(settings)
    pipeline = build_pipeline(settings, weights, threads=usable_processors(1))
    return watch_set(
        pipeline,
        weights,
        clips,
        options,
        settings,
        fps=fps,
        dataset=str(arguments.dataset),
        where=map(str, arguments.where),
        recall_only=arguments.recall_only,
    )


def watch_set(
    pipeline: PlatePipeline,
    weights: Weights,
    clips: Sequence[Clip],
    options: WatchOptions,
    settings: Settings,
    *,
    fps: float,
    dataset: str,
    where: Iterable[str] = (),
    recall_only: bool = False,
) -> ClipEvaluation:
    """Watch clips that were loaded with networks that were, too. Raises InferenceError."""
    readings = read_clips(
        pipeline,
        clips,
        options,
        fps=fps,
        max_pixels=settings.max_pixels,
        recall_only=recall_only,
    )
    collected = list(with_progress(readings, len(clips), "watching"))
    return ClipEvaluation(
        dataset=dataset,
        where=tuple(where),
        detector=weights.detector.name,
        ocr=weights.ocr.name,
        options=watch_words(options, settings, fps=fps),
        created=now(),
        passes=tuple(one for reading in collected for one in reading.passes),
        clips=tuple(reading.clip for reading in collected),
    )


def watch_words(options: WatchOptions, settings: Settings, *, fps: float) -> dict[str, str]:
    words = {
        "fps": fps,
        "detail": options.read.detail,
        "enhance": options.read.enhance,
        "min_confidence": options.read.min_confidence,
        "masks": settings.masks,
        "min_agreeing": options.min_agreeing,
        "new_confidence": options.new_confidence,
    }
    return {name: str(value) for name, value in words.items()}

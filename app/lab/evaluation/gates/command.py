"""What `evaluate --gates` does."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console, Group
from rich.table import Table

from app.building import build_pipeline
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.evaluation.clips.dataset import is_clip_set, load_clips
from app.lab.evaluation.dataset import load_dataset
from app.lab.evaluation.gates.rates import THRESHOLDS, GateRates, gate_rates
from app.lab.evaluation.gates.seen import Seen, in_clips, in_photos
from app.lab.evaluation.gates.watching import WatchRates, watch_rates
from app.lab.evaluation.gathering import with_progress
from app.lab.evaluation.report.table import format_count, format_rate, new_table
from app.nz.decoder import PlateDecoder
from app.passes.store.weighing import Prior
from app.processors import usable_processors
from app.video.options import VideoQuery
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import resolve_weights

READS = {"clips": 2, "photos": 1}
"""Agreeing reads that a gate asks for: of a photo there is one."""


def run_gates(arguments: argparse.Namespace, settings: Settings) -> int:
    """Watch or read, print, write. Raises AlprError."""
    if arguments.crops or arguments.samples or arguments.html or arguments.by:
        raise InvalidRequest("--crops, --samples, --html and --by do not go with --gates.")
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=usable_processors(1))
    kind = "clips" if is_clip_set(arguments.dataset) else "photos"
    seen = _seen(arguments, settings, pipeline)
    decoder = pipeline.decoder

    def share(text: str) -> float:
        return decoder.prior(text).lawful

    gates = [
        gate_rates(seen, share, min_reads=READS[kind], threshold=threshold)
        for threshold in THRESHOLDS
    ]
    watched = list(watch_rates(seen, _prior(decoder)))
    if arguments.json is not None:
        body = {"gates": [asdict(each) for each in gates], "lists": [asdict(e) for e in watched]}
        arguments.json.write_text(json.dumps(body, indent=1) + "\n")
    title = f"{arguments.dataset}: {len(seen)} vehicles, {READS[kind]} reads to the letter"
    Console().print(Group(_gates(title, gates), _risks(gates), _watched(watched)))
    return 0


def _seen(
    arguments: argparse.Namespace, settings: Settings, pipeline: PlatePipeline
) -> Sequence[Seen]:
    query = VideoQuery(
        min_confidence=arguments.min_confidence,
        detail=arguments.detail,
        enhance=arguments.enhance,
        fps=arguments.fps,
    )
    options = query.watch_options(settings)
    if is_clip_set(arguments.dataset):
        clips = load_clips(arguments.dataset, arguments.where)
        found = in_clips(
            pipeline,
            clips,
            options,
            fps=query.frames_a_second(settings),
            max_pixels=settings.max_pixels,
        )
        total = len(clips)
    else:
        photos = load_dataset(arguments.dataset, arguments.where)
        found, total = in_photos(pipeline, photos, options.read), len(photos)
    seen = [each for some in with_progress(found, total, "looking") for each in some]
    return [each for each in seen if each.truth or not arguments.recall_only]


def _prior(decoder: PlateDecoder) -> Prior:
    def prior(text: str, small_plate: bool) -> float:
        known = decoder.prior(text, small_plate=small_plate)
        return known.lawful + known.foreign

    return prior


def _gates(title: str, rates: Sequence[GateRates]) -> Table:
    table = new_table(title, "probability", "owners refused", "opens for another plate")
    for each in rates:
        table.add_row(
            f"{each.threshold:g}",
            f"{format_count(each.refused)} {format_rate(each.refused)}",
            f"{format_count(each.wrong)} {format_rate(each.wrong)}",
        )
    return table


def _risks(rates: Sequence[GateRates]) -> Table:
    table = new_table(
        "Strangers let in", "probability", "plates", "drawn at random", "at most", "near misses"
    )
    for each in rates:
        for risk in each.risks:
            table.add_row(
                f"{each.threshold:g}",
                f"{risk.size:,}",
                _share(risk.random),
                _share(risk.random_high),
                _share(risk.near),
            )
    return table


def _watched(rates: Sequence[WatchRates]) -> Table:
    table = new_table(
        "Lists, exact or not", "min_probability", "plates", "found", "strangers named", "ms a pass"
    )
    for each in rates:
        table.add_row(
            f"{each.least:g}",
            f"{each.size:,}",
            f"{format_count(each.found)} {format_rate(each.found)}",
            f"{format_count(each.named)} {format_rate(each.named)}",
            f"{each.match_ms:.1f}",
        )
    return table


def _share(value: float) -> str:
    """Of strangers: one in so many."""
    return "none" if value == 0 else f"1 in {1 / value:,.0f}"

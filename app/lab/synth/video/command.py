"""`python -m app.lab.synth video`: clips of passes whose truth is known."""

import argparse
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from rich.progress import track

from app import arguments as types
from app.lab.errors import DatasetError
from app.lab.evaluation.conditions import condition_argument
from app.lab.evaluation.dataset import load_dataset
from app.lab.synth.plates.serials import MIXES
from app.lab.synth.video.files import Clip, write_set
from app.lab.synth.video.stills import STRENGTHS, draw_passes, usable
from app.lab.synth.video.traffic import draw_traffic
from app.lab.synth.video.types import Camera, Traffic

PASSES = 4
"""Of each clip made of stills."""


def configure(parser: argparse.ArgumentParser) -> None:
    traffic, camera = Traffic(), Camera()
    parser.add_argument("out", type=Path, help="new folder with labels.csv")
    parser.add_argument("--clips", type=types.count, default=4)
    parser.add_argument("--seed", type=types.natural, default=0)
    group = parser.add_argument_group("traffic")
    group.add_argument("--vehicles", type=types.natural, default=traffic.vehicles, help="a lane")
    group.add_argument("--lanes", type=types.count, choices=(1, 2), default=traffic.lanes)
    group.add_argument(
        "--speed",
        type=types.amount(least=-200, most=200),
        default=traffic.speed,
        help="km/h; negative: they come nearer",
    )
    group.add_argument(
        "--stop",
        type=types.amount(most=3600),
        default=traffic.stop_s,
        metavar="S",
        help="each stands so long",
    )
    group.add_argument("--parked", type=types.natural, default=traffic.parked, help="up to 3")
    group.add_argument(
        "--hidden",
        type=types.amount(most=60),
        default=traffic.hidden_s,
        metavar="S",
        help="behind something",
    )
    group.add_argument("--mix", choices=tuple(MIXES), default=traffic.mix, help="which formats")
    group = parser.add_argument_group("camera")
    group.add_argument("--width", type=types.count, default=camera.width)
    group.add_argument("--height", type=types.count, default=camera.height)
    group.add_argument("--fps", type=types.seconds, default=camera.fps)
    group.add_argument("--variable", action="store_true", help="a frame rate that varies")
    group.add_argument(
        "--shutter",
        type=types.amount(most=1),
        default=camera.shutter,
        metavar="S",
        help="motion blur",
    )
    group.add_argument(
        "--defocus", type=types.amount(most=20), default=camera.defocus, metavar="PIXELS"
    )
    group.add_argument("--light", type=types.amount(most=4), default=camera.light, help="1 by day")
    group.add_argument(
        "--noise", type=types.amount(most=100), default=camera.noise, help="grey levels"
    )
    group.add_argument(
        "--shake", type=types.amount(most=100), default=camera.shake, metavar="PIXELS"
    )
    group = parser.add_argument_group("instead of drawn traffic, at --fps")
    group.add_argument(
        "--stills", type=Path, metavar="DIR", help="photographs with a labels.csv, filmed"
    )
    group.add_argument("--where", type=condition_argument, action="append", default=[])
    group.add_argument(
        "--without", type=Path, metavar="CSV", help="leave out the texts of this labels.csv"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    clips = _of_stills(options) if options.stills else _drawn(options)
    write_set(options.out, _with_progress(clips, options.clips))
    return 0


def _drawn(options: argparse.Namespace) -> Iterator[Clip]:
    traffic = Traffic(
        options.vehicles,
        options.lanes,
        options.speed,
        options.stop,
        options.parked,
        options.hidden,
        options.mix,
    )
    camera = Camera(
        options.width,
        options.height,
        options.fps,
        options.variable,
        options.shutter,
        options.defocus,
        options.light,
        options.noise,
        options.shake,
    )
    for index in range(options.clips):
        rng = np.random.default_rng((options.seed, index))
        frames, truth = draw_traffic(rng, traffic, camera)
        fps = None if camera.variable else camera.fps
        yield Clip(f"clip{index:03d}.mov", frames, tuple(truth), fps)


def _of_stills(options: argparse.Namespace) -> Iterator[Clip]:
    without: frozenset[str] = frozenset()
    if options.without is not None:
        with options.without.open(newline="", encoding="utf-8-sig") as stream:
            without = frozenset(row["text"] for row in csv.DictReader(stream))
    try:
        stills = usable(load_dataset(options.stills, options.where), without=without)
    except DatasetError as error:
        raise ValueError(str(error)) from error
    order = np.random.default_rng(options.seed).permutation(len(stills)).tolist()
    for index in range(options.clips):
        rng = np.random.default_rng((options.seed, index))
        chosen = [stills[order[(PASSES * index + i) % len(order)]] for i in range(PASSES)]
        strength = STRENGTHS[index % len(STRENGTHS)]
        frames, truth = draw_passes(rng, chosen, strength, fps=options.fps)
        yield Clip(
            f"clip{index:03d}.mov", frames, tuple(truth), options.fps, f"severity {strength}"
        )


def _with_progress(clips: Iterable[Clip], total: int) -> Iterator[Clip]:
    yield from track(clips, description="Drawing", total=total)

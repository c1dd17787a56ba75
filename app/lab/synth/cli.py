"""Commands of `python -m app.lab.synth`."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from rich.progress import track

from app import arguments as types
from app.lab.synth.crops import draw_crop
from app.lab.synth.dataset import draw_crops, draw_photos, read_sources, write
from app.lab.synth.plates.serials import MIXES
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.scenes.scene import draw_scene
from app.lab.synth.sheet import contact_sheet
from app.lab.synth.types import Image
from app.lab.synth.video import command as video_command
from app.nz.formats import format_of

_T = TypeVar("_T")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.lab.synth", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    crops = commands.add_parser("crops", help="single plates as a detector cuts them out")
    crops.add_argument("out", type=Path, help="new folder with labels.csv")
    _common(crops, count=1000)
    crops.set_defaults(run=_crops)

    photos = commands.add_parser("photos", help="plates over the labelled plates of given photos")
    photos.add_argument("labels", type=Path, help="labels.csv beside the photos")
    photos.add_argument("out", type=Path, help="new folder with labels.csv")
    photos.add_argument("--split", default="", help="comma-separated; all of them if left out")
    photos.add_argument("--sources", default="", help="comma-separated; all of them if left out")
    _common(photos, count=2000)
    photos.set_defaults(run=_photos)

    sheet = commands.add_parser("sheet", help="a contact sheet of crops")
    sheet.add_argument("out", type=Path, help="picture to write")
    _common(sheet, count=60)
    sheet.set_defaults(run=_sheet)

    scene = commands.add_parser("scene", help="a whole vehicle photo, drawn from nothing")
    scene.add_argument("out", type=Path, help="picture to write")
    scene.add_argument("--seed", type=types.natural, default=0)
    scene.add_argument("--text", help="serial; a random one of the standard series if left out")
    scene.set_defaults(run=_scene)

    video = commands.add_parser("video", help="clips of vehicles that pass")
    video_command.configure(video)

    speed = commands.add_parser("speed", help="crops a second on one core")
    _common(speed, count=1000)
    speed.set_defaults(run=_speed)
    return parser


def _common(parser: argparse.ArgumentParser, *, count: int) -> None:
    parser.add_argument("--count", type=types.count, default=count)
    parser.add_argument("--seed", type=types.natural, default=0)
    parser.add_argument("--severity", choices=("easy", "medium", "hard"), help="all if left out")
    parser.add_argument("--mix", choices=tuple(MIXES), default="road", help="which formats")


def _crops(options: argparse.Namespace) -> int:
    drawn = draw_crops(options.count, seed=options.seed, severity=options.severity, mix=options.mix)
    write(options.out, _with_progress(drawn, options.count))
    return 0


def _photos(options: argparse.Namespace) -> int:
    photos = read_sources(
        options.labels, splits=_words(options.split), sources=_words(options.sources)
    )
    drawn = draw_photos(
        photos, options.count, seed=options.seed, severity=options.severity, mix=options.mix
    )
    write(options.out, _with_progress(drawn, options.count))
    return 0


def _sheet(options: argparse.Namespace) -> int:
    drawn = draw_crops(options.count, seed=options.seed, severity=options.severity, mix=options.mix)
    _save(options.out, contact_sheet([(picture, truth) for _, picture, truth, _ in drawn]))
    return 0


def _scene(options: argparse.Namespace) -> int:
    rng = np.random.default_rng(options.seed)
    spec = None
    if options.text is not None:
        found = format_of(options.text)
        if found is None:
            raise ValueError(f"{options.text} is no serial of capitals and digits.")
        spec = draw_spec(rng, options.text, found.name)
    picture, truth = draw_scene(rng, spec=spec)
    _save(options.out, picture)
    sys.stdout.write(f"{truth.text} {' '.join(f'{value:.0f}' for value in truth.box)}\n")
    return 0


def _speed(options: argparse.Namespace) -> int:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(options.seed)
    for _ in range(options.count // 2):  # letters are drawn once and kept
        draw_crop(rng, options.severity, mix=options.mix)
    start = time.process_time()
    for _ in range(options.count):
        draw_crop(rng, options.severity, mix=options.mix)
    rate = options.count / (time.process_time() - start)
    cv2.setNumThreads(threads)
    sys.stdout.write(f"{rate:.0f} crops/s on one core\n")
    return 0


def _words(text: str) -> set[str]:
    return {word for word in text.split(",") if word}


def _with_progress(items: Iterable[_T], total: int) -> Iterator[_T]:
    yield from track(items, description="Drawing", total=total)


def _save(path: Path, picture: Image) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path} cannot be written.")

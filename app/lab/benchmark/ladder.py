"""Would a first look at fewer pixels do? `python -m app.lab.benchmark.ladder DATASET`.

Each photo is looked at once by a smaller input of the detector, and again at the usual size where
that leaves any doubt. The smaller input is simulated: a frame with a margin that makes it as many
pixels wide to the network.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.building import build_pipeline
from app.config import Settings
from app.lab.evaluation.conditions import condition_argument
from app.lab.evaluation.dataset import Photo, load_dataset
from app.nz.validation import normalize
from app.vision.images.decode import decode_image
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import Frame
from app.weights.resolve import resolve_weights

GREY = 114
DOUBTS = (0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Look:
    """Of a photo: `sure` is how sure the least sure text is, 0 without one; `right` texts."""

    sure: float
    right: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app.lab.benchmark.ladder")
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    parser.add_argument("--side", type=types.count, default=256, help="of the smaller input")
    parser.add_argument("--where", type=condition_argument, action="append", default=[])
    arguments = parser.parse_args()
    settings = Settings()
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=1)
    photos = load_dataset(arguments.dataset, arguments.where)
    share = arguments.side / pipeline.detector.size
    small, usual = [], []
    for photo in photos:
        frame = decode_image(photo.path.read_bytes(), max_pixels=pipeline.max_pixels)
        small.append(_look(pipeline, _shrunk(frame, share), photo))
        usual.append(_look(pipeline, frame, photo))
    _print(small, usual, cost=share**2)


def _shrunk(frame: Frame, share: float) -> Frame:
    """The frame with a margin right and below that leaves it that share of the sides."""
    height, width = frame.shape[:2]
    size = (round(height / share), round(width / share), 3)
    canvas: Frame = np.full(size, GREY, np.uint8)
    canvas[:height, :width] = frame
    return canvas


def _look(pipeline: PlatePipeline, frame: Frame, photo: Photo) -> Look:
    options = ReadOptions(min_confidence=0.5, enhance="off", detail="low")
    plates = pipeline.read_frame(frame, options).plates
    texts = Counter(
        plate.reading.corrected_plate or normalize(plate.reading.raw) for plate in plates
    )
    true = Counter(label.text for label in photo.labels if label.counted and label.text)
    return Look(min((plate.sure.text for plate in plates), default=0.0), (texts & true).total())


def _print(small: Sequence[Look], usual: Sequence[Look], *, cost: float) -> None:
    """`cost` is that of the smaller look, as a share of the usual one's."""
    table = Table("", "photos done with it", "right", "detector's cost")
    alone = sum(look.right for look in usual)
    table.add_row("usual look alone", "", str(alone), "1.00")
    for least in DOUBTS:
        done = [first.sure >= least for first in small]
        right = sum(
            (first if enough else second).right
            for first, second, enough in zip(small, usual, done, strict=True)
        )
        share = sum(done) / len(done)
        table.add_row(
            f"smaller one first, enough from {least} on",
            f"{sum(done)} of {len(done)}",
            str(right),
            f"{cost + 1 - share:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()

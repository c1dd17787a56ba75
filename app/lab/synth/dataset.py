"""Folders of drawn pictures with a labels.csv, rebuilt bit for bit from a seed."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from app.lab.synth.crops import draw_crop
from app.lab.synth.labels import new_labels
from app.lab.synth.photo.appearance import Box
from app.lab.synth.photo.overlay import draw_photo
from app.lab.synth.scenes.scene import draw_scene
from app.lab.synth.types import Image, LabelledPlate, Severity

COLUMNS: Final = (
    "file",
    "text",
    "format",
    "x1",
    "y1",
    "x2",
    "y2",
    "condition",
    "level",
    "severity",
    "rows",
    "angle",
    "readable",
    "scheme",
    "character_height",
    "source",
)
MIN_SOURCE_HEIGHT: Final = 16.0
"""Plates of a photo that are lower than this, in pixels, are not drawn over."""


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    path: Path
    source: str
    box: Box


def draw_crops(
    count: int, *, seed: int, severity: Severity | None = None, mix: str = "road"
) -> Iterator[tuple[str, Image, LabelledPlate, str]]:
    """File name, picture, truth and source of each crop; any one depends on seed and index only."""
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        picture, truth = draw_crop(rng, severity, mix=mix)
        yield f"{index:06d}.png", picture, truth, "drawn"


def draw_photos(
    photos: list[SourcePhoto],
    count: int,
    *,
    seed: int,
    severity: Severity | None = None,
    mix: str = "road",
) -> Iterator[tuple[str, Image, LabelledPlate, str]]:
    """A plate over the labelled one of a photo, the photos in turn and in random order.

    Raises:
        ValueError: there are no photos, or one cannot be read.
    """
    if not photos:
        raise ValueError("No photo has a labelled plate that is tall enough.")
    order = np.random.default_rng(seed).permutation(len(photos))
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        source = photos[int(order[index % len(photos)])]
        photo = cv2.imread(str(source.path))
        if photo is None:
            raise ValueError(f"{source.path} cannot be read.")
        picture, truth = draw_photo(
            rng, np.asarray(photo, np.uint8), source.box, severity=severity, mix=mix
        )
        yield f"{index:06d}.jpg", picture, truth, f"{source.source}/{source.path.name}"


def draw_scenes(count: int, *, seed: int) -> Iterator[tuple[str, Image, LabelledPlate, str]]:
    """Whole vehicles drawn from nothing; as for `draw_crops`."""
    for index in range(count):
        picture, truth = draw_scene(np.random.default_rng((seed, index)))
        yield f"{index:06d}.jpg", picture, truth, "drawn"


def read_sources(labels: Path, *, splits: set[str], sources: set[str]) -> list[SourcePhoto]:
    """Photos of a labels.csv (file, split, x1, y1, x2, y2, source) with one plate to replace.

    Photos with several are left out, as the others would stay. An empty set of splits or sources
    means all of them.
    """
    found: dict[str, list[Box]] = {}
    names: dict[str, str] = {}
    with labels.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if (splits and row["split"] not in splits) or (
                sources and row["source"] not in sources
            ):
                continue
            if not row["x1"]:
                continue
            box = (float(row["x1"]), float(row["y1"]), float(row["x2"]), float(row["y2"]))
            found.setdefault(row["file"], []).append(box)
            names[row["file"]] = row["source"]
    return [
        SourcePhoto(labels.parent / file, names[file], boxes[0])
        for file, boxes in sorted(found.items())
        if len(boxes) == 1 and boxes[0][3] - boxes[0][1] >= MIN_SOURCE_HEIGHT
    ]


def write(folder: Path, pictures: Iterable[tuple[str, Image, LabelledPlate, str]]) -> Path:
    """Write the pictures and labels.csv; returns the path of the latter.

    Raises FileExistsError where the folder has a labels.csv already.
    """
    labels = folder / "labels.csv"
    with new_labels(labels, COLUMNS) as add:
        for name, picture, truth, source in pictures:
            cv2.imwrite(str(folder / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
            add(
                (
                    name,
                    truth.text,
                    truth.format,
                    *(f"{value:.1f}" for value in truth.box),
                    ";".join(truth.conditions),
                    truth.level,
                    f"{truth.severity:.3f}",
                    truth.rows,
                    f"{truth.angle:.1f}",
                    int(truth.readable),
                    truth.scheme,
                    f"{truth.character_height:.1f}",
                    source,
                )
            )
    return labels

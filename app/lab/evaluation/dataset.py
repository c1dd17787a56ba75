"""Photos and what is known about the plates on them.

A data set is a folder with a `labels.csv`, one row for each plate, or without one, and then the
name of each picture is the plate on it.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.lab.errors import DatasetError, EmptyDataset
from app.lab.evaluation.conditions import Condition, hold
from app.lab.evaluation.matching import BoxF
from app.nz.validation import normalize
from app.pictures import find_pictures

LABELS: Final = "labels.csv"
BOX_COLUMNS: Final = ("x1", "y1", "x2", "y2")
_PLATE: Final = re.compile(r"[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Label:
    """One plate of a photo. `text` is None where it is not known, `box` where it is not marked.

    `tags` are the other columns of its row. A label that is not `counted` was filtered out: its
    plate is neither asked for nor wrong to find.
    """

    text: str | None
    box: BoxF | None
    tags: dict[str, str]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Photo:
    """`name` is its path inside the data set; a photo without labels shows no plate."""

    path: Path
    name: str
    labels: tuple[Label, ...]
    tags: dict[str, str]


def load_dataset(folder: Path, conditions: Sequence[Condition] = ()) -> list[Photo]:
    """Photos in the order of `labels.csv`, or of their names without one.

    A photo stays if the conditions hold for one of its rows; its other labels are then not counted.

    Raises:
        DatasetError: no such data set, a malformed row, a missing picture, or no photo left.
    """
    if not folder.is_dir():
        raise DatasetError(f"No folder {folder}.")
    labels = folder / LABELS
    photos = _from_labels(folder, labels) if labels.is_file() else _from_names(folder)
    known = {column for photo in photos for column in photo.tags}
    for condition in conditions:
        if condition.column not in known:
            raise DatasetError(f"{folder} has no column {condition.column!r} to filter by.")
    kept = [chosen for photo in photos if (chosen := _choose(photo, conditions)) is not None]
    if not kept:
        raise EmptyDataset(f"No picture of {folder} fits.")
    missing = [photo.name for photo in kept if not photo.path.is_file()]
    if missing:
        raise DatasetError(f"{len(missing)} pictures of {labels} are missing: {missing[0]}, ...")
    return kept


def _from_names(folder: Path) -> list[Photo]:
    return [
        Photo(path, str(path.relative_to(folder)), (Label(_text_of(path), None, {}),), {})
        for path in find_pictures([folder])
    ]


def _text_of(path: Path) -> str:
    """`ABC123.jpg`, `ABC 123.jpg`, `ABC123_2.jpg` and `ABC123 (2).jpg` show ABC123."""
    text = normalize(re.split(r"[_(.]", path.stem)[0])
    if not _PLATE.fullmatch(text):
        raise DatasetError(f"The name of {path} is no plate, and there is no {LABELS}.")
    return text


def _from_labels(folder: Path, labels: Path) -> list[Photo]:
    with labels.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if "file" not in (reader.fieldnames or ()):
            raise DatasetError(f"{labels} has no column 'file'.")
        rows: dict[str, list[tuple[dict[str, str], Label | None]]] = {}
        for row in reader:
            try:
                label, tags = _parse(row)
            except ValueError as error:
                raise DatasetError(f"{labels}, line {reader.line_num}: {error}") from error
            rows.setdefault(row["file"], []).append((tags, label))
    return [
        Photo(
            folder / name,
            name,
            tuple(label for _, label in of_file if label is not None),
            of_file[0][0],
        )
        for name, of_file in rows.items()
    ]


def _parse(row: dict[str, str | None]) -> tuple[Label | None, dict[str, str]]:
    """Label and tags of a row; no label where the row says that there is no plate."""
    values = {column: (value or "").strip() for column, value in row.items() if column}
    if not values["file"]:
        raise ValueError("no file")
    tags = {
        column: value
        for column, value in values.items()
        if column not in ("file", "text", *BOX_COLUMNS)
    }
    text = normalize(values.get("text", "")) or None
    box = _parse_box([values.get(column, "") for column in BOX_COLUMNS])
    label = Label(text, box, tags) if text or box else None
    return label, tags


def _parse_box(values: Sequence[str]) -> BoxF | None:
    if not any(values):
        return None
    x1, y1, x2, y2 = (float(value) for value in values)
    if not (x1 < x2 and y1 < y2):
        raise ValueError("the box is empty")
    return x1, y1, x2, y2


def _choose(photo: Photo, conditions: Sequence[Condition]) -> Photo | None:
    """The photo with its labels counted or not, None where nothing of it fits."""
    if not photo.labels:
        return photo if hold(conditions, photo.tags) else None
    labels = tuple(replace(label, counted=hold(conditions, label.tags)) for label in photo.labels)
    return replace(photo, labels=labels) if any(label.counted for label in labels) else None

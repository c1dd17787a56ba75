"""Clips and what is known of the vehicles that pass in them.

A data set is a folder with a `labels.csv`, one row for each pass: file, text, start_s, end_s. A row
without text says that nothing can be read in its file.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.lab.errors import DatasetError, EmptyDataset
from app.lab.evaluation.conditions import Condition, hold
from app.lab.evaluation.dataset import LABELS
from app.nz.validation import normalize

TIME_COLUMNS: Final = ("start_s", "end_s")
COLUMNS: Final = ("file", "text", *TIME_COLUMNS)
SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv")


@dataclass(frozen=True, slots=True)
class PassLabel:
    """A vehicle that passes. Where its times are not known they are 0 and infinity.

    `tags` are the other columns of its row. One that is not `counted` was filtered out: it is
    neither asked for nor wrong to tell.
    """

    text: str
    start_s: float
    end_s: float
    tags: dict[str, str]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Clip:
    """`name` is its path inside the data set."""

    path: Path
    name: str
    labels: tuple[PassLabel, ...]


def is_clip_set(folder: Path) -> bool:
    """Whether the folder's labels are of passes, or its first file is a video."""
    labels = folder / LABELS
    if not labels.is_file():
        return False
    with labels.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        columns = reader.fieldnames or ()
        first = next(reader, {})
    return set(TIME_COLUMNS) <= set(columns) or (first.get("file") or "").endswith(SUFFIXES)


def load_clips(folder: Path, conditions: Sequence[Condition] = ()) -> list[Clip]:
    """Clips in the order of `labels.csv`, without those of which no row fits.

    Raises:
        DatasetError: a malformed row, a missing file, an unknown column, or no clip left.
    """
    labels = folder / LABELS
    rows: dict[str, list[tuple[bool, PassLabel | None]]] = {}
    with labels.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        known = set(reader.fieldnames or ()) - set(COLUMNS)
        for condition in conditions:
            if condition.column not in known:
                raise DatasetError(f"{folder} has no column {condition.column!r} to filter by.")
        for row in reader:
            values = {column: (value or "").strip() for column, value in row.items() if column}
            tags = {column: value for column, value in values.items() if column not in COLUMNS}
            fits = hold(conditions, tags)
            try:
                label = _parse(values, tags, counted=fits)
            except ValueError as error:
                raise DatasetError(f"{labels}, line {reader.line_num}: {error}") from error
            rows.setdefault(values["file"], []).append((fits, label))
    clips = [
        Clip(folder / name, name, tuple(label for _, label in of_file if label is not None))
        for name, of_file in rows.items()
        if any(fits for fits, _ in of_file)
    ]
    if not clips:
        raise EmptyDataset(f"No clip of {folder} fits.")
    for clip in clips:
        if not clip.path.is_file():
            raise DatasetError(f"{clip.path} is missing.")
    return clips


def _parse(values: dict[str, str], tags: dict[str, str], *, counted: bool) -> PassLabel | None:
    if not values.get("file"):
        raise ValueError("no file")
    text = normalize(values.get("text", ""))
    if not text:
        return None
    start, end = (values.get(column, "") for column in TIME_COLUMNS)
    start_s, end_s = float(start or 0), float(end or math.inf)
    if not 0 <= start_s < end_s:
        raise ValueError(f"from {start_s} to {end_s} s is no time")
    return PassLabel(text, start_s, end_s, tags, counted)

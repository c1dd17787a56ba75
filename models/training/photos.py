"""Labelled vehicle photos, held decoded in memory."""

import csv
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# Sources whose stated licence is permissive: only these may shape weights.
LICENSED_SOURCES = frozenset({"experiment-plates", "dashcam-us", "open-images-plates"})


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with its plates: `image` (h, w, 3) uint8 BGR, `boxes` (n, 4) float32 x1 y1 x2 y2
    in pixels, `texts` one per box, empty where the serial is not known."""

    name: str
    source: str
    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    texts: tuple[str, ...]


def read_photos(
    folder: Path,
    *,
    split: str | None = None,
    sources: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Photo]:
    """Decode the photos that `labels.csv` lists (of one split, of some sources), ordered by name.

    `limit` keeps an evenly spaced subset. Raises FileNotFoundError for a listed photo that is
    missing or cannot be decoded.
    """
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (folder / "labels.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            wanted = split is None or row["split"] == split
            if wanted and (sources is None or row["source"] in sources):
                rows[row["file"]].append(row)
    names = sorted(rows)
    if limit is not None and limit < len(names):
        names = [names[i * len(names) // limit] for i in range(limit)]
    return [_read(folder, name, rows[name]) for name in names]


def _read(folder: Path, name: str, rows: list[dict[str, str]]) -> Photo:
    image = cv2.imread(str(folder / name))
    if image is None:
        raise FileNotFoundError(folder / name)
    plates = [row for row in rows if row["x1"]]
    boxes = [[float(row[key]) for key in ("x1", "y1", "x2", "y2")] for row in plates]
    return Photo(
        name=name,
        source=rows[0]["source"],
        image=np.asarray(image, np.uint8),
        boxes=np.asarray(boxes, np.float32).reshape(-1, 4),
        texts=tuple(row["text"] for row in plates),
    )

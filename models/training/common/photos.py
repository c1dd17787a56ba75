"""Labelled vehicle photos, held decoded in memory."""

import csv
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# Sources whose stated licence is permissive: only these may shape weights.
LICENSED_SOURCES = frozenset(
    {
        "experiment-plates",
        "dashcam-us",
        "open-images-plates",
        "open-images-plates-2",
        "pakistan-phone",
        "signs-singapore",
        "hard-negatives",
        "india-phone",
        "vietnam-two-row",
        "malaysia-phone",
        "australia-phone",
        "udacity-highway",
        "car-park-intel",
    }
)
CLOSE = 0.5  # share of a photo's width from which its plate is all it shows
SQUEEZED = (1.05, 1.7)  # by how much photos were narrowed that came to us as squares


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with its plates: `image` (h, w, 3) uint8 BGR, `boxes` (n, 4) float32 x1 y1 x2 y2
    in pixels, `texts` one per box, empty where the serial is not known; `decoys` (m, 4) are the
    boxes of what was drawn into it that is no plate."""

    name: str
    source: str
    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    texts: tuple[str, ...]
    decoys: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 4), np.float32))

    @property
    def subjects(self) -> NDArray[np.float32]:
        """The boxes by which a view of it is chosen: decoys are shown as near and as far as
        plates."""
        return np.concatenate([self.boxes, self.decoys])


def read_photos(
    folder: Path,
    *,
    split: str | None = None,
    sources: Collection[str] | None = None,
    limit: int | None = None,
    without_additions: Collection[str] = (),
) -> list[Photo]:
    """Decode the photos that `labels.csv` lists (of one split, of some sources), ordered by name.

    `limit` keeps an evenly spaced subset; of the sources `without_additions` only the labels count
    that came with them, not those that a teacher added. Raises FileNotFoundError for a listed
    photo that is missing or cannot be decoded.
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
    return [_read(folder, name, rows[name], without_additions) for name in names]


def widest_share(photo: Photo) -> float:
    """Width of the photo's widest plate as a share of its own; 0 without plates."""
    widths = photo.boxes[:, 2] - photo.boxes[:, 0]
    return float(widths.max(initial=0.0)) / photo.image.shape[1]


def unsqueezed(photo: Photo, rng: np.random.Generator) -> Photo:
    """A photo that was squeezed into a square, widened by about what it lost; others as they are.

    American plates, twice as wide as high, are 1.35 times as wide as high in the square photos.
    """
    height, width = photo.image.shape[:2]
    if height != width:
        return photo
    wide = round(width * float(np.exp(rng.uniform(*np.log(SQUEEZED)))))
    image = cv2.resize(photo.image, (wide, height), interpolation=cv2.INTER_LINEAR)
    scale = np.array([wide / width, 1, wide / width, 1], np.float32)
    return replace(
        photo,
        image=np.asarray(image, np.uint8),
        boxes=photo.boxes * scale,
        decoys=photo.decoys * scale,
    )


def _read(
    folder: Path, name: str, rows: list[dict[str, str]], without_additions: Collection[str]
) -> Photo:
    image = cv2.imread(str(folder / name))
    if image is None:
        raise FileNotFoundError(folder / name)
    plates = [
        row
        for row in rows
        if row["x1"]
        and not (row["source"] in without_additions and row["labelled_by"] == "teacher")
    ]
    boxes = [[float(row[key]) for key in ("x1", "y1", "x2", "y2")] for row in plates]
    return Photo(
        name=name,
        source=rows[0]["source"],
        image=np.asarray(image, np.uint8),
        boxes=np.asarray(boxes, np.float32).reshape(-1, 4),
        texts=tuple(row["text"] for row in plates),
    )

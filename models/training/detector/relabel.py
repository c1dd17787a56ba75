"""Labels that a teacher completes, tightens and doubts: frames of traffic get the plates that
nobody labelled, mostly small ones in the background, boxes too wide are narrowed, and photos with
a label on what hardly is a plate are left out."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.common.photos import Photo, widest_share
from models.training.detector.evaluate import overlaps

# Frames of traffic whose labels name some of the plates. In other photos most of what a teacher
# finds beside the labelled plates are lamps, handles and badges.
INCOMPLETE = frozenset({"dashcam-us", "udacity-highway", "car-park-intel"})
# Sources whose labels were never looked at; those of the others are not doubted.
UNCHECKED = frozenset({"experiment-plates", "dashcam-us", "open-images-plates"})
ADDED = 0.55  # score from which a box is a plate that nobody labelled
CONFIRMED = 0.15  # score below which a labelled box is doubted
TIGHTENED = 0.6  # score from which a box inside a labelled one takes its place
INSIDE = 0.9  # share of a box that lies in the labelled one then
SAME = 0.3  # IoU from which two boxes mean the same plate
WINDOW = 0.6  # side of a window, share of the photo's
ENLARGED = 0.25  # photos whose widest plate has less than this share of the width are enlarged

Boxes = NDArray[np.float32]
Finder = Callable[[NDArray[np.uint8]], Boxes]  # a BGR photo to boxes (n, 5), as OnnxDetector


@dataclass(frozen=True, slots=True)
class Findings:
    """What a teacher finds in one photo: `boxes` (n, 5) x1 y1 x2 y2 score, in its pixels, each
    plate once."""

    name: str
    boxes: Boxes


def find(teacher: Finder, photo: Photo) -> Findings:
    """Look at the whole photo and, where its plates are small, at four windows of it."""
    found = [teacher(photo.image)]
    height, width = photo.image.shape[:2]
    if widest_share(photo) < ENLARGED:
        found += [_within(teacher, photo, window) for window in _windows(width, height)]
    return Findings(photo.name, _distinct(np.concatenate(found)))


def revise(photo: Photo, findings: Findings) -> Photo | None:
    """The photo with the plates that its labels lack; None where a label is doubted."""
    found, labelled = findings.boxes, photo.boxes.copy()
    same = overlaps(labelled, found[:, :4]) >= SAME
    for box, candidates in zip(labelled, same, strict=True):
        best = next(iter(found[candidates]), None)  # they come best first
        if best is None or best[4] < CONFIRMED:
            if photo.source in UNCHECKED:
                return None
        elif best[4] >= TIGHTENED and _share_inside(best, box) >= INSIDE:
            box[:] = best[:4]
    new = found[(found[:, 4] >= ADDED) & ~same.any(0) & (photo.source in INCOMPLETE), :4]
    texts = (*photo.texts, *[""] * len(new))
    return replace(photo, boxes=np.concatenate([labelled, new]), texts=texts)


def read_findings(
    path: Path, photos: Sequence[Photo], make: Callable[[], Finder], workers: int
) -> list[Findings]:
    """Those of the file `path`, written before; otherwise found by that many threads, which share
    a teacher made then, and written there."""
    if not path.exists():
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(partial(find, make()), photos))
        path.write_text(json.dumps({each.name: each.boxes.tolist() for each in found}))
    rows = json.loads(path.read_text())
    return [
        Findings(photo.name, np.asarray(rows[photo.name], np.float32).reshape(-1, 5))
        for photo in photos
    ]


def _share_inside(box: Boxes, other: Boxes) -> float:
    """Share of the area of `box` that lies in `other`."""
    extent = np.minimum(box[2:4], other[2:4]) - np.maximum(box[:2], other[:2])
    return float(extent.clip(0).prod() / (box[2:4] - box[:2]).prod())


def _windows(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    wide, tall = round(WINDOW * width), round(WINDOW * height)
    for top in (0, height - tall):
        for left in (0, width - wide):
            yield left, top, left + wide, top + tall


def _within(teacher: Finder, photo: Photo, window: tuple[int, int, int, int]) -> Boxes:
    """What is found in a window, without what its inner borders may have cut."""
    x1, y1, x2, y2 = window
    height, width = photo.image.shape[:2]
    found = teacher(np.ascontiguousarray(photo.image[y1:y2, x1:x2]))
    low, high = found[:, :2] - 2, found[:, 2:4] + 2
    whole = (
        ((low[:, 0] > 0) | (x1 == 0))
        & ((low[:, 1] > 0) | (y1 == 0))
        & ((high[:, 0] < x2 - x1) | (x2 == width))
        & ((high[:, 1] < y2 - y1) | (y2 == height))
    )
    return found[whole] + np.array([x1, y1, x1, y1, 0], np.float32)


def _distinct(found: Boxes) -> Boxes:
    """The best of the boxes that mean the same plate, best first."""
    left = found[np.argsort(-found[:, 4], kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[overlaps(left[:1, :4], left[:, :4])[0] < SAME]
    return np.asarray(kept, np.float32).reshape(-1, 5)

"""What a detector finds in training views, right and wrong, as the refiner is to judge it.

Each part is a pure function of (photos, its number, seed) and is kept in a file, so that an
interrupted run continues and draws no part twice.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.common.photos import CLOSE, Photo, unsqueezed, widest_share
from models.training.detector.augment import draw_view
from models.training.detector.evaluate import MATCH, OnnxDetector, overlaps
from models.training.detector.relabel import INCOMPLETE, Finder
from models.training.drawing.decoys import add_decoys, parts
from models.training.drawing.overlaid import drawn_scenes, exchange_plates
from models.training.refiner.regions import regions_of, shapes_of

BASE = 300  # photos that a part's pictures are made of
VIEWS = 700
SCENES = 20  # drawn from nothing
DECOY_COPIES = 3
SIZE = 384
LEAST_SCORE = 0.05
APART = 0.2  # IoU with a plate below which a box is none; between this and MATCH it is left out


@dataclass(frozen=True, slots=True)
class Candidates:
    """What `regions_of` and `shapes_of` say of boxes, `regions` (n, 6, h, w) uint8 and `shapes`
    (n, 2), the detector's `scores` (n,), and whether they are `plates` (n,) bool."""

    regions: NDArray[np.uint8]
    shapes: NDArray[np.float32]
    scores: NDArray[np.float32]
    plates: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.plates)


def joined(several: Sequence[Candidates]) -> Candidates:
    """All of them in one, in their order."""
    return Candidates(
        *(
            np.concatenate([getattr(each, part.name) for each in several])
            for part in fields(Candidates)
        )
    )


def read_candidates(
    folder: Path, count: int, photos: Sequence[Photo], detector: Path, *, seed: int, workers: int
) -> Candidates:
    """The first `count` parts, those drawn before read from `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.npz" for number in range(count)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    with ProcessPoolExecutor(workers, get_context("fork"), cv2.setNumThreads, (1,)) as pool:
        jobs = [
            pool.submit(_write, paths[number], photos, detector, number, seed) for number in missing
        ]
        for job in jobs:
            print(job.result(), flush=True)
    return joined([_read(path) for path in paths])


def _write(path: Path, photos: Sequence[Photo], detector: Path, number: int, seed: int) -> str:
    found = draw_candidates(photos, OnnxDetector(detector), number, seed)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{part.name: getattr(found, part.name) for part in fields(Candidates)})
    partial.replace(path)
    return f"{path.name}: {len(found)} boxes, {found.plates.sum()} plates"


def _read(path: Path) -> Candidates:
    with np.load(path) as arrays:
        return Candidates(**dict(arrays))


def draw_candidates(
    photos: Sequence[Photo], detector: Finder, number: int, seed: int, views: int = VIEWS
) -> Candidates:
    """What the detector finds in the views of one part."""
    rng = np.random.default_rng((seed, 6, number))
    chosen = rng.choice(len(photos), min(BASE, len(photos)), replace=False)
    first = seed + 1000 * (number + 1)  # of the seeds of this part's pictures
    shown = pictures([photos[i] for i in chosen.tolist()], first)
    found: list[Candidates] = []
    for index in range(views):
        view = draw_view(shown, index, size=SIZE, seed=first)
        boxes = detector(view.image)
        boxes = boxes[boxes[:, 4] >= LEAST_SCORE]
        overlap = overlaps(boxes[:, :4], view.boxes).max(1, initial=0.0)
        clear = (overlap >= MATCH) | (overlap < APART)
        boxes, overlap = boxes[clear], overlap[clear]
        if len(boxes):
            cut = np.stack([regions_of(view.image, box[:4]) for box in boxes])
            shapes = shapes_of(boxes[:, :4])
            found.append(Candidates(cut, shapes, boxes[:, 4], overlap >= MATCH))
    return joined(found)


def pictures(photos: Sequence[Photo], seed: int) -> list[Photo]:
    """The photos and copies of them as in the detector's training, more of them with decoys."""
    photos = [
        unsqueezed(photo, np.random.default_rng((seed, 3, i))) for i, photo in enumerate(photos)
    ]
    vehicles = [photo for photo in photos if widest_share(photo) < CLOSE]
    decoys = (add_decoys(vehicles, seed + copy) for copy in range(DECOY_COPIES))
    return [
        *photos,
        *exchange_plates(vehicles, seed, "road"),
        *exchange_plates(vehicles, seed + 1, "foreign"),
        *(photo for copy in decoys for photo in copy),
        *parts([photo for photo in photos if photo.source not in INCOMPLETE], seed),
        *drawn_scenes(SCENES, seed),
    ]

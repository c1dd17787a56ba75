"""What the detector is shown: blocks of views, for each of which some plates are drawn anew.

A block shows photos as they are, photos whose plates were exchanged, photos in which panels and
signs take the place of plates, parts of photos without a plate, and photos that never had one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.training.common.photos import CLOSE, Photo, unsqueezed, widest_share
from models.training.detector.augment import draw_view
from models.training.detector.relabel import INCOMPLETE
from models.training.drawing.decoys import part, with_decoys
from models.training.drawing.overlaid import exchanged

SIZE = 384
BLOCK = 128  # views drawn at once
MOST = 24  # plates and decoys of a view that are kept
DISTANT = 0.2  # below this share of its width a photo shows whole vehicles
# How many photos of each kind a block has, and how often each is taken among the others.
SHOWN = 200
EXCHANGED = {"road": 14, "foreign": 4}
DECOYS = 6
AGAIN = 7
PARTS = 16
BARE = 24
SCENES = 4

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sources:
    """Photos to draw views of. `scenes` are drawn from nothing."""

    photos: Sequence[Photo]
    scenes: Sequence[Photo] = ()
    often: NDArray[np.float64] = field(init=False)
    vehicles: list[Photo] = field(init=False)
    complete: list[Photo] = field(init=False)
    bare: list[Photo] = field(init=False)

    def __post_init__(self) -> None:
        shares = [widest_share(photo) for photo in self.photos]
        often = np.array([2.0 if 0 < share < DISTANT else 1.0 for share in shares])
        vehicles = [p for p, share in zip(self.photos, shares, strict=True) if 0 < share < CLOSE]
        for name, value in {
            "often": often / often.sum(),
            "vehicles": vehicles,
            "complete": [photo for photo in vehicles if photo.source not in INCOMPLETE],
            "bare": [p for p, share in zip(self.photos, shares, strict=True) if not share],
        }.items():
            object.__setattr__(self, name, value)


class Labels(NamedTuple):
    """`boxes` (n, MOST, 4) float32 x1 y1 x2 y2 in pixels, 0 where there is none, and `plates`
    (n, MOST) uint8: 1 for a plate, 2 for a decoy, 0 for nothing."""

    boxes: Boxes
    plates: NDArray[np.uint8]


def draw_block(sources: Sources, first: int, seed: int, pictures: NDArray[np.uint8]) -> Labels:
    """Fill `pictures` (n, size, size, 3) BGR with the views from number `first` on."""
    photos = stock(sources, np.random.default_rng((seed, 1, first)))
    labels = Labels(
        np.zeros((len(pictures), MOST, 4), np.float32), np.zeros((len(pictures), MOST), np.uint8)
    )
    for i, picture in enumerate(pictures):
        view = draw_view(photos, first + i, size=picture.shape[0], seed=seed)
        picture[:] = view.image
        boxes = np.concatenate([view.boxes, view.decoys])[:MOST]
        labels.boxes[i, : len(boxes)] = boxes
        labels.plates[i, : len(boxes)] = 2
        labels.plates[i, : min(MOST, len(view.boxes))] = 1
    return labels


def stock(sources: Sources, rng: np.random.Generator) -> list[Photo]:
    """The photos that a block shows, some of them drawn for it; what is in the list several times
    is taken so much more often."""

    def some(photos: Sequence[Photo], count: int) -> list[Photo]:
        if not photos:
            return []
        return [unsqueezed(photos[int(i)], rng) for i in rng.integers(len(photos), size=count)]

    shown = [
        unsqueezed(sources.photos[int(i)], rng)
        for i in rng.choice(len(sources.photos), SHOWN, p=sources.often)
    ]
    drawn = [
        exchanged(photo, rng, mix)
        for mix, count in EXCHANGED.items()
        for photo in some(sources.vehicles, count)
    ]
    drawn += [with_decoys(photo, rng) for photo in some(sources.vehicles, DECOYS)]
    cut = [part(photo, rng) for photo in some(sources.complete, PARTS)]
    return [
        *shown,
        *drawn * AGAIN,
        *(each for each in cut if each is not None),
        *some(sources.bare, BARE),
        *some(sources.scenes, SCENES),
    ]

"""The sets of the suite: those of a folder of data that are there, and those drawn from a seed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from app.errors import InvalidRequest
from app.lab.errors import EmptyDataset
from app.lab.evaluation.clips.dataset import Clip, load_clips
from app.lab.evaluation.conditions import parse_condition
from app.lab.evaluation.dataset import LABELS, Photo, load_dataset
from app.lab.synth.dataset import draw_photos, draw_scenes, read_sources, write
from app.lab.synth.types import Severity

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Given:
    """Photos, or `clips`, of a folder in the data. `abroad` says that no plate is of New Zealand,
    `recall_only` that not all plates have labels."""

    name: str
    folder: str
    where: tuple[str, ...] = ()
    clips: bool = False
    recall_only: bool = False
    abroad: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """New Zealand plates drawn over photos of the data that no network learned from, or, as
    `scenes`, whole vehicles drawn from nothing. Those that an eye can read count."""

    name: str
    count: int
    seed: int
    severity: Severity | None = None
    mix: str = "road"
    scenes: bool = False


SuiteSet: TypeAlias = Given | Drawn

SETS: Final[tuple[SuiteSet, ...]] = (
    Given("nz-real", "nz_real", recall_only=True),
    Given("other-hand", "other_hand"),
    Drawn("drawn-easy", 120, 20261401, "easy"),
    Drawn("drawn-medium", 120, 20261402, "medium"),
    Drawn("drawn-hard", 120, 20261403, "hard"),
    Drawn("drawn-motorcycle", 120, 20261404, mix="motorcycle"),
    Drawn("drawn-vehicles", 50, 20261405, scenes=True),
    Given("openalpr-eu", "photos", ("source=openalpr-eu",), abroad=True),
    Given("openalpr-us", "photos", ("source=openalpr-us",), abroad=True),
    Given("negatives", "photos", ("source=negatives",)),
    Given("clips", "clips", clips=True, recall_only=True),
)
_PHOTOS: Final = "photos"
_DRAWN_OVER: Final = ("openalpr-eu", "openalpr-us")
_READABLE: Final = "readable=1"


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """What is to be read of a set. `checksum` is that of its pictures and labels together."""

    name: str
    photos: tuple[Photo, ...]
    clips: tuple[Clip, ...]
    recall_only: bool
    abroad: bool
    checksum: str


def choose_sets(names: Sequence[str] | None) -> list[SuiteSet]:
    """By name, in the order of the suite; all without names. Raises InvalidRequest."""
    known = [entry.name for entry in SETS]
    for name in names or ():
        if name not in known:
            raise InvalidRequest(f"There is no set {name}. Known: {', '.join(known)}.")
    return [entry for entry in SETS if names is None or entry.name in names]


def load_set(
    entry: SuiteSet, data: Path | None, drawings: Path, limit: int | None = None
) -> LoadedSet | None:
    """The set, or None where the data does not have it.

    Args:
        drawings: a folder for drawn pictures.
        limit: most pictures or clips, evenly spread over the set.

    Raises:
        DatasetError: the set is there and its labels make no sense.
    """
    if isinstance(entry, Drawn):
        folder = _draw(entry, data, drawings / entry.name, limit)
    else:
        folder = None if data is None else data / entry.folder
    if folder is None or not (folder / LABELS).is_file():
        return None
    photos: list[Photo] = []
    clips: list[Clip] = []
    where = entry.where if isinstance(entry, Given) else (_READABLE,)
    try:
        if isinstance(entry, Given) and entry.clips:
            clips = _spread(load_clips(folder, ()), limit)
        else:
            photos = _spread(load_dataset(folder, [parse_condition(one) for one in where]), limit)
    except EmptyDataset:
        return None
    return LoadedSet(
        entry.name,
        tuple(photos),
        tuple(clips),
        recall_only=isinstance(entry, Given) and entry.recall_only,
        abroad=isinstance(entry, Given) and entry.abroad,
        checksum=_checksum([*photos, *clips]),
    )


def _draw(entry: Drawn, data: Path | None, folder: Path, limit: int | None) -> Path | None:
    """Draw the set into a new folder; None where there is nothing to draw over."""
    count = min(entry.count, limit or entry.count)
    if entry.scenes:
        write(folder, draw_scenes(count, seed=entry.seed))
        return folder
    labels = None if data is None else data / _PHOTOS / LABELS
    if labels is None or not labels.is_file():
        return None
    sources = read_sources(labels, splits={"test"}, sources=set(_DRAWN_OVER))
    if not sources:
        return None
    drawn = draw_photos(sources, count, seed=entry.seed, severity=entry.severity, mix=entry.mix)
    write(folder, drawn)
    return folder


def _spread(items: Sequence[_T], limit: int | None) -> list[_T]:
    count = min(len(items), limit or len(items))
    return [items[index * len(items) // count] for index in range(count)]


def _checksum(pictures: Sequence[Photo | Clip]) -> str:
    """The pictures' bytes are part of it: from short labels alone plates could be guessed back."""
    total = hashlib.sha256()
    for picture in pictures:
        total.update(hashlib.sha256(picture.path.read_bytes()).digest())
        total.update(repr((picture.name, picture.labels)).encode())
    return total.hexdigest()

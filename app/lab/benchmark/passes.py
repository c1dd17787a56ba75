"""`benchmark passes`: how long searches take among many passes, on SQLite."""

import argparse
import random
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.nz.decoder import PlateDecoder
from app.nz.evidence import Evidence
from app.passes.records import NewPass
from app.passes.store.database import migrate, open_database, sqlite_url
from app.passes.store.pictures import PictureFolder
from app.passes.store.privacy import Privacy
from app.passes.store.rows import PassWriter
from app.passes.store.searching import PassFilter
from app.passes.store.store import FILE, PassStore
from app.processors import usable_processors

ALPHABET = string.digits + string.ascii_uppercase + "_"
SLOTS = 9
CAMERAS = 8
BATCH = 2000
VEHICLES = 0.25
"""Different vehicles, as a share of the passes."""
_SERIES = string.ascii_uppercase.translate(str.maketrans("", "", "IOVX"))
_BEGUN = datetime(2025, 11, 27, tzinfo=UTC)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passes", type=types.count, default=1_000_000)
    parser.add_argument("--searches", type=types.count, default=100, help="of each kind")
    parser.add_argument("--folder", type=Path, help="keep the store here, and use it again")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="nz-alpr-") as temporary:
        folder: Path = arguments.folder or Path(temporary)
        if not (folder / FILE).exists():
            fill(folder, arguments.passes)
        settings = Settings(store_path=folder, store_days=0, store_max_bytes=0)
        store = PassStore(settings, prior=drawn_prior())
        try:
            _print(console, folder, list(measure(store, arguments.searches)))
        finally:
            store.close()
    return 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of searches of one kind, noting them included."""

    kind: str
    p50_ms: float
    p99_ms: float
    found: float


def fill(folder: Path, count: int) -> None:
    """A store with passes of vehicles that come several times, in a year."""
    folder.mkdir(parents=True, exist_ok=True)
    url = sqlite_url(folder / FILE)
    migrate(url)
    engine = open_database(url)
    privacy = Privacy(pictures="off", hash_key=None)
    writer = PassWriter(engine, PictureFolder(folder / "pictures"), privacy)
    passes = drawn_passes(count)
    for _ in track(range(-(-count // BATCH)), "filling"):
        writer.write([passing for passing, _ in zip(passes, range(BATCH), strict=False)])
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


def drawn_passes(count: int) -> Iterator[NewPass]:
    """Read right, but for one in ten whose last character may be another."""
    draw = random.Random(0)
    vehicles = [drawn_plate(draw) for _ in range(max(1, round(count * VEHICLES)))]
    looks = _Looks()
    for number in range(count):
        plate = draw.choice(vehicles)
        shown = plate[:-1] + draw.choice(string.digits) if draw.random() < 0.1 else plate
        at = _BEGUN + timedelta(seconds=number * 31_536_000 / count)
        yield NewPass(
            source="camera",
            camera=f"camera-{draw.randrange(CAMERAS)}",
            at=at,
            last_at=at + timedelta(seconds=2),
            plate=shown,
            confidence=draw.uniform(0.6, 0.999),
            format="standard",
            candidates=(),
            texts={shown: 0.9, plate: 0.1},
            detail={"frames": 9, "reads": 8, "agreeing": 7, "detection_confidence": 0.9},
            evidence=looks.of(shown),
        )


def drawn_plate(draw: random.Random) -> str:
    letters = "".join(draw.choices(_SERIES, k=3))
    return letters + "".join(draw.choices(string.digits, k=3))


class _Looks:
    """Evidence of plates that are read well, made out of one row for each character."""

    def __init__(self) -> None:
        decoder = PlateDecoder(ALPHABET, "_", threshold=0.85)
        rows = np.full((len(ALPHABET), len(ALPHABET)), 1e-3, np.float32)
        np.fill_diagonal(rows, 1)
        rows /= rows.sum(axis=1, keepdims=True)
        looks = [decoder.evidence(np.tile(row, (SLOTS, 1))) for row in rows]
        self._rows = np.array([look.emissions[0] for look in looks])
        self._like = looks[0]

    def of(self, text: str) -> bytes:
        shown = [ALPHABET.index(character) for character in text.ljust(SLOTS, "_")]
        like = self._like
        return Evidence(
            like.alphabet, like.pad_char, like.slips, self._rows[shown], like.odds
        ).to_bytes()


def measure(store: PassStore, searches: int) -> Iterator[Timing]:
    draw = random.Random(1)
    known = [
        each.plate or "" for each in store.find(PassFilter(), who="benchmark", limit=500).passes
    ]
    plates = draw.choices(known, k=searches)
    near = [plate[:-1] + draw.choice(string.digits) for plate in plates]
    yield _time(store, "exact", [PassFilter(plate=plate) for plate in plates])
    yield _time(store, "prefix", [PassFilter(plate=p[:4], match="prefix") for p in plates])
    yield _time(
        store, "wildcard", [PassFilter(plate=f"{p[:2]}*{p[4:]}", match="wildcard") for p in plates]
    )
    for kind, wanted in (("fuzzy", plates), ("fuzzy, misread", near)):
        yield _time(store, kind, [PassFilter(plate=plate, match="fuzzy") for plate in wanted])
    yield _time(
        store,
        "newest of a camera",
        [PassFilter(cameras=(f"camera-{i % CAMERAS}",)) for i in range(searches)],
    )


def _time(store: PassStore, kind: str, searches: list[PassFilter]) -> Timing:
    spent, found = [], 0
    for wanted in searches:
        begun = time.perf_counter()
        found += len(store.find(wanted, who="benchmark").passes)
        spent.append((time.perf_counter() - begun) * 1e3)
    p50, p99 = np.percentile(spent, [50, 99]).tolist()
    return Timing(kind, p50, p99, found / len(searches))


def drawn_prior() -> Callable[[str, bool], float]:
    decoder = PlateDecoder(ALPHABET, "_", threshold=0.85)

    def prior(text: str, small_plate: bool) -> float:
        known = decoder.prior(text, small_plate=small_plate)
        return known.lawful + known.foreign

    return prior


def _print(console: Console, folder: Path, timings: list[Timing]) -> None:
    size = sum(file.stat().st_size for file in folder.glob(f"{FILE}*"))
    table = Table("search", "p50 ms", "p99 ms", "found")
    table.title = (
        f"{datetime.now(UTC).date()}, {usable_processors()} processors, SQLite, {size / 1e9:.2f} GB"
    )
    for each in timings:
        table.add_row(each.kind, f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}", f"{each.found:.1f}")
    console.print(table)

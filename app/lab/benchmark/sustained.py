"""`benchmark sustained`: passes kept on SQLite at a steady rate, beside pictures that are read."""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.building import build_pipeline
from app.config import Settings
from app.lab.benchmark.passes import drawn_passes, drawn_prior
from app.options import ReadQuery
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from app.processors import usable_processors
from app.weights.resolve import resolve_weights

PICTURE = Path(__file__).parents[2] / "console" / "sample.jpg"
SETTLED_S = 60.0
"""After which what still waits counts as lost."""


@dataclass(frozen=True, slots=True)
class Sustained:
    """`most_waiting` are passes that were in no database yet; rates are pictures a second."""

    added: int
    kept: int
    most_waiting: int
    alone: float
    beside: float


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=types.count, default=100, help="passes a second")
    parser.add_argument("--seconds", type=types.seconds, default=300.0)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = Settings()
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=1)
    options, picture = ReadQuery().options(settings), PICTURE.read_bytes()
    with tempfile.TemporaryDirectory(prefix="nz-alpr-") as folder:
        result = measure(
            Path(folder),
            lambda: pipeline.read_bytes(picture, options),
            rate=arguments.rate,
            seconds=arguments.seconds,
        )
    table = Table("passes", "kept", "most waiting", "pictures/s alone", "beside")
    table.title = f"{datetime.now(UTC).date()}, {usable_processors()} processors, SQLite"
    table.add_row(
        *(str(result.added), str(result.kept), str(result.most_waiting)),
        *(f"{result.alone:.1f}", f"{result.beside:.1f}"),
    )
    Console().print(table)
    return 0 if result.kept == result.added else 1


def measure(folder: Path, read: Callable[[], object], *, rate: int, seconds: float) -> Sustained:
    """Reads on the calling thread, a fifth of the time alone and then beside the passes."""
    alone = _read_for(seconds / 5, read)
    waiting = [0]
    settings = Settings(store_path=folder)
    store = PassStore(
        settings, prior=drawn_prior(), observe=lambda written, left: waiting.append(left)
    )
    try:
        adding = threading.Thread(target=_add, args=(store, rate, seconds))
        adding.start()
        beside = _read_for(seconds, read)
        adding.join()
        added = round(rate * seconds)
        kept, give_up = 0, time.monotonic() + SETTLED_S
        while kept < added and time.monotonic() < give_up:
            time.sleep(0.2)
            kept = sum(1 for _ in store.export(PassFilter(), who="benchmark"))
    finally:
        store.close()
    return Sustained(added, kept, max(waiting), alone, beside)


def _add(store: PassStore, rate: int, seconds: float) -> None:
    """At even distances; what is late is made up for."""
    begun = time.monotonic()
    now = datetime.now(UTC)
    count = round(rate * seconds)
    for number, passing in enumerate(islice(drawn_passes(count), count)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        store.add(replace(passing, at=now, last_at=now))


def _read_for(seconds: float, read: Callable[[], object]) -> float:
    """Pictures a second."""
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
        read()
        count += 1
    return count / (time.monotonic() - begun)

"""How lists find whom they look for, and how often they name somebody else."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from app.lab.evaluation.figures.rates import Rate, rate
from app.lab.evaluation.gates.rates import SIZES
from app.lab.evaluation.gates.seen import Seen
from app.lab.synth.plates.serials import draw_format, draw_serial
from app.passes.lists.entries import Entry, EntryDraft, ListDraft, PlateList
from app.passes.lists.matching import Listed, Snapshot
from app.passes.records import ListMatch
from app.passes.store.weighing import Prior, Priors

LEAST: Final = (0.5, 0.1, 0.01)
LISTS: Final = 10
"""Drawn of each size."""
_NOW: Final = datetime(2026, 11, 27, tzinfo=UTC)
_SEED: Final = 20261127


@dataclass(frozen=True, slots=True)
class WatchRates:
    """`found` are listed vehicles that match; `named` are strangers that do, of those compared with
    each list of `size`; `match_ms` is what comparing one pass takes at the median."""

    least: float
    size: int
    found: Rate
    named: Rate
    match_ms: float


def watch_rates(seen: Sequence[Seen], prior: Prior) -> Iterator[WatchRates]:
    """For each size and least probability."""
    chance, priors = np.random.default_rng(_SEED), Priors(prior)
    known = {each.truth for each in seen if each.truth}
    for size in SIZES:
        found: dict[float, list[bool]] = {least: [] for least in LEAST}
        named: dict[float, list[bool]] = {least: [] for least in LEAST}
        spent: list[float] = []
        for _ in range(LISTS):
            drawn = _drawn(chance, size, known)
            strangers = _snapshot(drawn)
            for each in seen:
                matches = _matches(each, strangers, priors, spent)
                for least in LEAST:
                    named[least].append(any(one.probability >= least for one in matches))
        for each in (each for each in seen if each.truth):
            matches = _matches(each, _snapshot([each.truth or ""]), priors, [])
            for least in LEAST:
                found[least].append(any(one.probability >= least for one in matches))
        for least in LEAST:
            yield WatchRates(
                least,
                size,
                rate(sum(found[least]), len(found[least])),
                rate(sum(named[least]), len(named[least])),
                1e3 * float(np.median(spent)) if spent else 0.0,
            )


def _drawn(chance: np.random.Generator, size: int, known: set[str]) -> list[str]:
    """Plates of nobody who is seen."""
    plates: dict[str, None] = {}
    while len(plates) < size:
        plate = draw_serial(chance, draw_format(chance))
        if plate not in known:
            plates[plate] = None
    return list(plates)


def _snapshot(plates: Sequence[str]) -> Snapshot:
    draft = ListDraft(kind="watch", min_probability=min(LEAST))
    watched = PlateList(1, "watched", draft, _NOW, len(plates))
    entries = (
        Entry(number, EntryDraft.model_construct(plate=plate), _NOW)
        for number, plate in enumerate(plates)
    )
    return Snapshot(0, [watched], [Listed(watched, entry) for entry in entries])


def _matches(seen: Seen, snapshot: Snapshot, priors: Priors, spent: list[float]) -> list[ListMatch]:
    matches = []
    for passing in seen.kept:
        begun = time.perf_counter()
        matches += snapshot.match(passing, priors)
        spent.append(time.perf_counter() - begun)
    return matches

"""Which lists a vehicle is on, by probability: of all plates that it could be, unlisted ones too.

A vehicle that was read as a listed plate is it with the probability of that reading. One that was
read otherwise may be it all the same: the evidence says how much likelier its looks are if it shows
the listed plate than if it shows the answer, and the prior how often plates show either.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import sqlalchemy as sa

from app.nz.evidence import Evidence
from app.nz.validation import normalize
from app.passes.lists.entries import Entry, PlateList, standing
from app.passes.lists.nearness import PlateIndex
from app.passes.lists.rows import entry_of, list_of
from app.passes.lists.tables import CHANGES, ENTRIES, LISTS
from app.passes.records import ListKind, ListMatch, NewPass
from app.passes.store.privacy import shown_texts
from app.passes.store.texts import fold
from app.passes.store.weighing import Prior, Priors, weigh

Matched = Callable[[ListKind], None]
"""Told of each pass that is on a list of that kind."""

TEXTS: Final = 12
"""Of a pass, those that are looked up: the most probable ones, then what was read most."""
WEIGHED: Final = 200
"""Listed plates near a pass whose probability is worked out."""


@dataclass(frozen=True, slots=True)
class Listed:
    plate_list: PlateList
    entry: Entry


class Snapshot:
    """All lists as they were at one time, in memory."""

    def __init__(self, number: int, lists: Sequence[PlateList], listed: Sequence[Listed]) -> None:
        """`number` is that of the state of the lists."""
        self.number = number
        self.lists = {each.name: each for each in lists}
        self._listed: dict[str, list[Listed]] = {}
        for each in listed:
            self._listed.setdefault(fold(each.entry.draft.plate), []).append(each)
        self._index = PlateIndex(list(self._listed))

    def exactly(self, name: str, plate: str) -> Entry | None:
        """The entry of a list with that plate to the letter."""
        wanted = normalize(plate)
        for each in self._listed.get(fold(plate), ()):
            if each.plate_list.name == name and each.entry.draft.plate == wanted:
                return each.entry
        return None

    def match(self, passing: NewPass, priors: Priors) -> list[ListMatch]:
        """The most probable entry of each list."""
        if not self._listed:
            return []
        probabilities = self._probabilities(passing, priors)
        plate, best = normalize(passing.plate), dict[str, ListMatch]()
        for key, probability in probabilities.items():
            for each in self._listed[key]:
                draft, entry = each.plate_list.draft, each.entry.draft
                counts = standing(entry, draft.time_zone, at=passing.last_at, camera=passing.camera)
                if counts != "in_force" or probability < draft.min_probability:
                    continue
                name, exact = each.plate_list.name, entry.plate == plate
                match = ListMatch(
                    name,
                    draft.kind,
                    each.entry.id,
                    entry.plate,
                    entry.owner,
                    round(probability, 6),
                    exact,
                )
                if name not in best or _rank(match) > _rank(best[name]):
                    best[name] = match
        return [best[name] for name in sorted(best)]

    def _probabilities(self, passing: NewPass, priors: Priors) -> dict[str, float]:
        """Of each listed plate, folded, that the vehicle may show."""
        texts = shown_texts(passing)
        ranked = sorted(texts, key=lambda text: -texts[text])[:TEXTS]
        near = dict.fromkeys(key for text in ranked for key in self._index.near(text))
        found = {key: texts[key] for key in near if texts.get(key, 0.0) > 0}
        others = list(islice((key for key in near if key not in found), WEIGHED))
        if others and passing.evidence is not None:
            weighed = weigh(
                Evidence.from_bytes(passing.evidence),
                others,
                answer=fold(passing.plate),
                confidence=passing.confidence,
                small_plate=passing.small_plate,
                floor=passing.floor,
                priors=priors,
            )
            found.update(zip(others, weighed, strict=True))
        return found


def _rank(match: ListMatch) -> tuple[bool, float]:
    return match.exact, match.probability


class ListMatcher:
    """Thread-safe. Lists are read again when they have changed."""

    def __init__(self, prior: Prior, matched: Matched = lambda kind: None) -> None:
        self._priors, self._matched = Priors(prior), matched
        self._snapshot = Snapshot(-1, (), ())
        self._loading = threading.Lock()

    def snapshot(self, connection: sa.Connection) -> Snapshot:
        """The lists as they are now. Raises DBAPIError."""
        number = connection.execute(sa.select(CHANGES.c.number)).scalar_one()
        with self._loading:
            if self._snapshot.number != number:
                self._snapshot = _load(connection, number)
            return self._snapshot

    def known(self, event: NewPass) -> Sequence[ListMatch] | None:
        """Its matches by the lists as they were last read, None where it is to be left alone.

        Waits for nobody who reads them.
        """
        snapshot = self._snapshot
        matches = snapshot.match(event, self._priors)
        return None if is_ignored(replace(event, matches=tuple(matches))) else matches

    def matched(self, connection: sa.Connection, events: Sequence[NewPass]) -> list[NewPass]:
        """The events with their matches. Raises DBAPIError."""
        snapshot, found = self.snapshot(connection), []
        for event in events:
            matches = snapshot.match(event, self._priors)
            if event.event == "end":
                for match in matches:
                    self._matched(match.kind)
            found.append(replace(event, matches=tuple(matches)))
        return found


def is_ignored(event: NewPass) -> bool:
    """Whether its vehicle is to be left alone: nothing of it is kept, and nobody is told."""
    return any(match.kind == "ignore" and match.exact for match in event.matches)


def _load(connection: sa.Connection, number: int) -> Snapshot:
    """What was changed since the number was read is there too, and read once more."""
    count = sa.literal(0).label("entries")
    rows = connection.execute(sa.select(LISTS, count)).all()
    lists = {row.id: list_of(row) for row in rows}
    listed = [
        Listed(lists[row.list_id], entry_of(row))
        for row in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id))
        if row.list_id in lists
    ]
    return Snapshot(number, list(lists.values()), listed)

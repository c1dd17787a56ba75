"""Passes as rows of the tables, and pictures in their folder."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.passes.lists.matching import ListMatcher, Snapshot, is_ignored
from app.passes.records import NewPass
from app.passes.store.fencing import EPOCH, Fence, apart
from app.passes.store.pictures import PictureKind, PictureStore
from app.passes.store.privacy import Privacy
from app.passes.store.tables import EVIDENCE, MATCHES, PASSES, TEXTS, microseconds
from app.passes.store.texts import fold

ROW_BYTES: Final = 2500
"""About what a pass takes in the database, indexes and evidence included."""


Gates = Callable[[sa.Connection, Sequence[NewPass], Snapshot], None]
"""Decides on events in their transaction, by the lists as they are then."""
Teller = Callable[[sa.Connection, Sequence[NewPass]], None]
"""Is given all events of a batch, in its transaction. They may come again after a crash."""


class PassWriter:
    """Writes batches."""

    def __init__(
        self,
        engine: sa.Engine,
        pictures: PictureStore,
        privacy: Privacy,
        *,
        tell: Sequence[Teller] = (),
        matcher: ListMatcher | None = None,
        gates: Gates | None = None,
        fence: Fence | None = None,
    ) -> None:
        """`matcher` says which lists they are on; what is to be ignored is neither kept nor
        told, but may open gates."""
        self._engine, self._pictures, self._privacy = engine, pictures, privacy
        self._tell, self._matcher, self._gates = tell, matcher, gates
        self._fence = fence or Fence(privacy)

    def write(self, events: Sequence[NewPass]) -> int:
        """In a transaction, pictures before it; what is there already stays as it is.

        What lasts has no pictures, and a transaction of its own before: no gate waits for them.

        Returns how many of them are passes that are over: these alone are kept. Raises DBAPIError,
        OSError, StoreUnavailable.
        """
        seen = events
        if self._matcher is not None:
            with self._engine.connect() as connection:
                seen = self._matcher.matched(connection, events)
        over = [event for event in seen if event.event == "end"]
        lasting = [event for event in seen if event.event != "end"]
        if lasting:
            with self._engine.begin() as connection:
                found = self._fence.sift(connection, lasting)
                self._announce(connection, [*found.fresh, *_going_on(found.continued)])
        return sum(self._write_over(group) for group in apart(over))

    def _write_over(self, over: Sequence[NewPass]) -> int:
        rows = {row["id"]: row for row in self._rows([e for e in over if not is_ignored(e)])}
        with self._engine.begin() as connection:
            found = self._fence.sift(connection, over)
            kept = [event for event in found.fresh if event.id in rows]
            if kept:
                self._insert(connection, kept, [rows[event.id] for event in kept])
            self._fence.lengthen(connection, found.continued)
            self._announce(connection, found.fresh)
            self._told(connection, _going_on(found.continued))
        written = {event.id for event in kept}
        self._drop_pictures([row for number, row in rows.items() if number not in written])
        return len(kept)

    def _announce(self, connection: sa.Connection, events: Sequence[NewPass]) -> None:
        """To gates all of them, to others those that are not to be ignored."""
        if self._matcher is not None and self._gates is not None:
            self._gates(connection, events, self._matcher.snapshot(connection))
        self._told(connection, events)

    def _told(self, connection: sa.Connection, events: Sequence[NewPass]) -> None:
        told = [event for event in events if not is_ignored(event)]
        for tell in self._tell:
            tell(connection, told)

    def _drop_pictures(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Of passes that were not written after all."""
        kinds: tuple[PictureKind, ...] = ("crop", "frame")
        for row in rows:
            for kind in kinds:
                if row[kind] is not None:
                    self._pictures.delete(row["id"], row["at"], kind, row[kind])

    def _rows(self, passes: Sequence[NewPass]) -> list[dict[str, Any]]:
        if self._pictures.parallel == 1:
            return [self._row(passing) for passing in passes]
        with ThreadPoolExecutor(self._pictures.parallel) as pool:
            return list(pool.map(self._row, passes))

    def _insert(
        self, connection: sa.Connection, passes: Sequence[NewPass], rows: list[dict[str, Any]]
    ) -> None:
        insert = insert_missing(connection)
        connection.execute(insert(PASSES), rows)
        ids = [row["id"] for row in rows]
        written = connection.execute(
            sa.select(PASSES.c.id, PASSES.c.seq).where(PASSES.c.id.in_(ids))
        )
        numbers = {row.id: row.seq for row in written}
        texts = [
            {"text": text, "pass_seq": numbers[passing.id], "probability": probability}
            for passing in passes
            for text, probability in self._privacy.texts(passing).items()
        ]
        evidence = [
            {
                "pass_seq": numbers[passing.id],
                "evidence": passing.evidence,
                "floor": passing.floor if math.isfinite(passing.floor) else None,
                "small_plate": passing.small_plate,
            }
            for passing in passes
            if passing.evidence is not None
        ]
        matches = [
            {
                "list": match.list,
                "pass_seq": numbers[passing.id],
                "at": microseconds(passing.at),
                "plate_key": fold(match.entry),
                "probability": match.probability,
                "exact": match.exact,
            }
            for passing in passes
            for match in passing.matches
        ]
        if matches:
            connection.execute(insert(MATCHES), matches)
        if texts:
            connection.execute(insert(TEXTS), texts)
        if evidence:
            connection.execute(insert(EVIDENCE), evidence)

    def _row(self, passing: NewPass) -> dict[str, Any]:
        at = microseconds(passing.at)
        kept: dict[PictureKind, bytes | None] = {"crop": passing.crop, "frame": passing.frame}
        suffixes: dict[str, str | None] = {
            kind: None if data is None else self._pictures.write(passing.id, at, kind, data)
            for kind, data in kept.items()
        }
        return {
            "id": passing.id,
            "source": passing.source,
            "camera": passing.camera,
            "at": at,
            "last_at": microseconds(passing.last_at),
            "plate": self._privacy.plate(passing),
            "plate_key": self._privacy.key_of(passing),
            "format": passing.format,
            "confidence": passing.confidence,
            "detail": passing.detail
            | {
                "candidates": [
                    {
                        "plate": each.plate,
                        "format": each.format,
                        "probability": round(each.probability, 6),
                    }
                    for each in passing.candidates
                ],
                "matches": [asdict(match) for match in passing.matches],
                **({} if passing.turn is None else {EPOCH: passing.turn.epoch}),
            },
            **suffixes,
            "bytes": ROW_BYTES + sum(len(data) for data in kept.values() if data is not None),
        }


def _going_on(events: Sequence[NewPass]) -> list[NewPass]:
    """As they are told: the pass is known already."""
    return [replace(event, event="update") for event in events]


def insert_missing(connection: sa.Connection) -> Callable[[sa.Table], sa.Insert]:
    """INSERT that leaves alone what is there: a batch may come again after a crash."""

    def insert(table: sa.Table) -> sa.Insert:
        if connection.dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()

    return insert

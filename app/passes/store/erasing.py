"""Deleting passes: by age, by size, one, or all of a plate. Pictures go first, so that none stays.

Everything happens in small steps: nobody waits long for a lock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from app.passes.store.database import translated
from app.passes.store.pictures import PictureKind, PictureStore
from app.passes.store.searching import is_plate
from app.passes.store.tables import (
    AUDIT,
    EVIDENCE,
    GATE_DECISIONS,
    MATCHES,
    OUTBOX,
    PASSES,
    TEXTS,
)
from app.passes.store.texts import fold

STEP: Final = 200
EVERY_S: Final = 60.0
VACUUMED_PAGES: Final = 1000
_DAY: Final = 86_400_000_000
_KINDS: Final[tuple[PictureKind, ...]] = ("crop", "frame")


@dataclass(frozen=True, slots=True)
class Retention:
    """0 for no limit."""

    days: float
    max_bytes: int
    audit_days: float


class Eraser:
    """Thread-safe."""

    def __init__(
        self,
        engine: sa.Engine,
        pictures: PictureStore,
        retention: Retention,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now`: seconds since 1970."""
        self._engine, self._pictures = engine, pictures
        self._retention, self._now = retention, now
        self._due = 0.0

    def erase_where(self, *which: sa.ColumnElement[bool]) -> int:
        """Delete passes; how many there were. Raises DBAPIError, OSError, StoreUnavailable."""
        erased = 0
        while step := self._step(*which):
            erased += step
        return erased

    def erase_plate(self, plate_key: str) -> int:
        """Passes that were read as it or corrected to it, and all else that names it; how many
        passes there were. Raises DBAPIError, OSError."""
        erased = self.erase_where(is_plate(plate_key))
        self._erase_told(plate_key)
        self._erase_matches(plate_key)
        return erased

    def _erase_told(self, plate_key: str) -> None:
        """What there is to tell of a plate, or was told, of passes that were never kept as well.

        Raises DBAPIError.
        """
        with self._engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.plate_key == plate_key))
            connection.execute(
                sa.update(GATE_DECISIONS)
                .where(GATE_DECISIONS.c.plate_key == plate_key)
                .values(plate_key=None)
            )

    def _erase_matches(self, plate_key: str) -> None:
        """That other passes may have shown an entry of a list with that plate.

        Raises DBAPIError.
        """
        of_plate = sa.select(MATCHES.c.pass_seq).where(MATCHES.c.plate_key == plate_key)
        while True:
            with self._engine.begin() as connection:
                rows = connection.execute(
                    sa.select(PASSES.c.seq, PASSES.c.detail)
                    .where(PASSES.c.seq.in_(of_plate))
                    .limit(STEP)
                ).all()
                if not rows:
                    return
                for row in rows:
                    kept = [
                        match
                        for match in row.detail.get("matches", ())
                        if fold(match["entry"]) != plate_key
                    ]
                    connection.execute(
                        sa.update(PASSES)
                        .where(PASSES.c.seq == row.seq)
                        .values(detail=row.detail | {"matches": kept})
                    )
                connection.execute(
                    sa.delete(MATCHES).where(
                        MATCHES.c.plate_key == plate_key,
                        MATCHES.c.pass_seq.in_([row.seq for row in rows]),
                    )
                )

    def keep_to_limits(self) -> None:
        """A step of what the limits ask for, at most once a minute unless there is more to do.

        Raises:
            StoreUnavailable, OSError
        """
        begun = self._now()
        if begun < self._due:
            return
        with translated():
            more = self._expire(begun)
            self._give_back_space()
        self._due = 0.0 if more else begun + EVERY_S  # what grew old meanwhile was not looked at

    def _expire(self, moment: float) -> bool:
        """Whether there may be more to delete."""
        now = int(moment * 1e6)
        limits, steps = self._retention, 0
        if limits.days:
            steps += self._step(PASSES.c.at < now - int(limits.days * _DAY))
        if limits.max_bytes and not steps:
            steps += self._shrink(limits.max_bytes)
        for table, days in ((GATE_DECISIONS, limits.days), (AUDIT, limits.audit_days)):
            if days:
                steps += self._forget_old(table, now - int(days * _DAY))
        return steps > 0

    def _forget_old(self, table: sa.Table, before: int) -> int:
        old = sa.select(table.c.seq).where(table.c.at < before).limit(STEP)
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(table).where(table.c.seq.in_(old))).rowcount

    def _shrink(self, max_bytes: int) -> int:
        """Delete the oldest while there are too many bytes, as many as a step may."""
        with self._engine.connect() as connection:
            total = connection.execute(sa.select(sa.func.sum(PASSES.c.bytes))).scalar() or 0
            if total <= max_bytes:
                return 0
            oldest = connection.execute(
                sa.select(PASSES.c.seq, PASSES.c.bytes)
                .order_by(PASSES.c.at, PASSES.c.seq)
                .limit(STEP)
            ).all()
        too_many = []
        for seq, size in oldest:
            if total <= max_bytes:
                break
            too_many.append(seq)
            total -= size
        return self._step(PASSES.c.seq.in_(too_many))

    def _step(self, *which: sa.ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(PASSES.c.seq, PASSES.c.id, PASSES.c.at, PASSES.c.crop, PASSES.c.frame)
                .where(*which)
                .limit(STEP)
            ).all()
        for row in rows:
            for kind, suffix in zip(_KINDS, (row.crop, row.frame), strict=True):
                if suffix is not None:
                    self._pictures.delete(row.id, row.at, kind, suffix)
        numbers = [row.seq for row in rows]
        with self._engine.begin() as connection:
            connection.execute(sa.delete(TEXTS).where(TEXTS.c.pass_seq.in_(numbers)))
            connection.execute(sa.delete(EVIDENCE).where(EVIDENCE.c.pass_seq.in_(numbers)))
            connection.execute(sa.delete(MATCHES).where(MATCHES.c.pass_seq.in_(numbers)))
            connection.execute(
                sa.delete(OUTBOX).where(OUTBOX.c.pass_id.in_(row.id for row in rows))
            )
            connection.execute(
                sa.update(GATE_DECISIONS)
                .where(GATE_DECISIONS.c.pass_id.in_(row.id for row in rows))
                .values(plate_key=None)
            )
            connection.execute(sa.delete(PASSES).where(PASSES.c.seq.in_(numbers)))
        return len(rows)

    def _give_back_space(self) -> None:
        """SQLite keeps the pages of what is deleted until asked for them."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                pragma = f"PRAGMA incremental_vacuum({VACUUMED_PAGES})"
                connection.exec_driver_sql(pragma).close()
                connection.exec_driver_sql("PRAGMA optimize").close()

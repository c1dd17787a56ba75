"""The outbox as its sender, and those who look after it, read and write it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from app.errors import NotReplayable, UnknownDelivery
from app.passes.notify.outbox import MAX_AGE_S
from app.passes.store.rows import insert_missing
from app.passes.store.searching import make_cursor, read_cursor
from app.passes.store.tables import DISABLED_TARGETS, OUTBOX, moment

State = Literal["waiting", "delivered", "failed"]
EXPIRED: Final = "too old"
TEST: Final = "test"
_GATE: Final = "gate."
"""Kinds that are dangerous when they are late."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent; `id` is the same on every try. Moments are as in the tables, `traceparent` as
    of `NewPass`."""

    seq: int
    id: str
    target: str
    kind: str
    payload: dict[str, Any]
    pass_id: str | None
    created: int
    expires: int
    attempts: int
    traceparent: str | None = None

    @property
    def is_pass(self) -> bool:
        return self.kind.startswith("pass.")

    @property
    def is_test(self) -> bool:
        """Its payload is that of a pass that never was."""
        return self.kind == TEST


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a try. `due`: when it is tried again, in seconds since 1970, or None where
    it is over; `gone`: its target wants to be told no more."""

    message: Message
    delivered: bool
    status: int | None = None
    error: str | None = None
    due: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it is shown: without what it says."""

    seq: int
    id: str
    target: str
    kind: str
    pass_id: str | None
    state: State
    created: datetime
    due: datetime | None
    attempts: int
    status: int | None
    error: str | None
    done: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one target: how many, and since when the oldest does, in seconds since
    1970."""

    waiting: int
    oldest: float


class Ledger:
    """Thread-safe. All raise DBAPIError."""

    def __init__(self, engine: sa.Engine, now: Callable[[], float] = time.time) -> None:
        self._engine, self._now = engine, now

    def due(self, target: str, *, limit: int, but: Collection[int]) -> list[Message]:
        """What is to be sent to a target now, what has waited longest first, without those whose
        `seq` is in `but`."""
        query = (
            sa.select(OUTBOX)
            .where(
                OUTBOX.c.target == target,
                OUTBOX.c.state == "waiting",
                OUTBOX.c.due <= self._moment(),
                OUTBOX.c.expires > self._moment(),
                OUTBOX.c.seq.not_in(but),
            )
            .order_by(OUTBOX.c.due, OUTBOX.c.seq)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [_message(row) for row in connection.execute(query)]

    def record(self, results: Sequence[Result]) -> None:
        """What became of several tries."""
        if not results:
            return
        with self._engine.begin() as connection:
            for result in results:
                connection.execute(
                    sa.update(OUTBOX)
                    .where(OUTBOX.c.seq == result.message.seq, OUTBOX.c.state == "waiting")
                    .values(**self._after(result))
                )

    def expire(self) -> list[str]:
        """Give up what is too old; the targets of it, each as often as it had such."""
        with self._engine.begin() as connection:
            rows = connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.state == "waiting", OUTBOX.c.expires <= self._moment())
                .values(
                    state="failed",
                    done=self._moment(),
                    error=sa.func.coalesce(OUTBOX.c.error, EXPIRED),
                )
                .returning(OUTBOX.c.target)
            )
            return [row.target for row in rows]

    def forget(self, older_than: float, step: int) -> int:
        """Delete what was over before that moment, in seconds since 1970; at most a step."""
        old = (
            sa.select(OUTBOX.c.seq)
            .where(OUTBOX.c.created < int(older_than * 1e6), OUTBOX.c.state != "waiting")
            .limit(step)
        )
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.seq.in_(old))).rowcount

    def waiting(self) -> Mapping[str, Backlog]:
        """By target."""
        query = (
            sa.select(OUTBOX.c.target, sa.func.count(), sa.func.min(OUTBOX.c.created))
            .where(OUTBOX.c.state == "waiting")
            .group_by(OUTBOX.c.target)
        )
        with self._engine.connect() as connection:
            return {
                name: Backlog(count, oldest / 1e6)
                for name, count, oldest in connection.execute(query)
            }

    def page(
        self, *, state: State | None, target: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Delivery], str | None]:
        """Newest first, and the cursor of what follows. Raises InvalidRequest."""
        query = sa.select(OUTBOX).order_by(OUTBOX.c.seq.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(OUTBOX.c.state == state)
        if target is not None:
            query = query.where(OUTBOX.c.target == target)
        if cursor is not None:
            query = query.where(OUTBOX.c.seq < read_cursor(cursor, int)[1])
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        found = [_delivery(row) for row in rows[:limit]]
        return found, make_cursor(0, found[-1].seq) if len(rows) > limit else None

    def replay(self, delivery_id: str) -> None:
        """Send one that failed once more. Raises UnknownDelivery, NotReplayable."""
        with self._engine.begin() as connection:
            row = connection.execute(
                sa.select(OUTBOX).where(OUTBOX.c.id == delivery_id)
            ).one_or_none()
            if row is None:
                raise UnknownDelivery("There is no delivery with that id.")
            if row.state != "failed" or row.kind.startswith(_GATE):
                raise NotReplayable("Only what failed is sent again, and no gate is opened late.")
            connection.execute(
                sa.update(OUTBOX).where(OUTBOX.c.seq == row.seq).values(**self._again())
            )

    def replay_failed(self, target: str) -> int:
        """Send all that failed for a target once more; how many there are."""
        with self._engine.begin() as connection:
            return connection.execute(
                sa.update(OUTBOX)
                .where(
                    OUTBOX.c.target == target,
                    OUTBOX.c.state == "failed",
                    OUTBOX.c.kind.not_like(f"{_GATE}%"),
                )
                .values(**self._again())
            ).rowcount

    def disable(self, target: str, reason: str) -> None:
        row = {"name": target, "since": self._moment(), "reason": reason}
        with self._engine.begin() as connection:
            connection.execute(insert_missing(connection)(DISABLED_TARGETS), row)

    def enable(self, target: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.delete(DISABLED_TARGETS).where(DISABLED_TARGETS.c.name == target))

    def disabled(self) -> Mapping[str, tuple[datetime, str]]:
        """By target: since when, and why."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(DISABLED_TARGETS)).all()
        return {row.name: (moment(row.since), row.reason) for row in rows}

    def _moment(self) -> int:
        return int(self._now() * 1e6)

    def _again(self) -> dict[str, Any]:
        now = self._moment()
        return {
            "state": "waiting",
            "due": now,
            "expires": now + int(MAX_AGE_S * 1e6),
            "attempts": 0,
            "done": None,
        }

    def _after(self, result: Result) -> dict[str, Any]:
        tried = {
            "attempts": OUTBOX.c.attempts + 1,
            "status": result.status,
            "error": result.error,
        }
        if result.delivered:
            return tried | {"state": "delivered", "done": self._moment(), "payload": sa.null()}
        if result.due is None:
            return tried | {"state": "failed", "done": self._moment()}
        return tried | {"due": int(result.due * 1e6)}


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        seq=row.seq,
        id=row.id,
        target=row.target,
        kind=row.kind,
        payload=row.payload,
        pass_id=row.pass_id,
        created=row.created,
        expires=row.expires,
        attempts=row.attempts,
        traceparent=row.traceparent,
    )


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        seq=row.seq,
        id=row.id,
        target=row.target,
        kind=row.kind,
        pass_id=row.pass_id,
        state=row.state,
        created=moment(row.created),
        due=moment(row.due) if row.state == "waiting" else None,
        attempts=row.attempts,
        status=row.status,
        error=row.error,
        done=None if row.done is None else moment(row.done),
    )

"""What gates decided, and why."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from app.passes.gates.deciding import Reason
from app.passes.store.audit import Audit
from app.passes.store.searching import make_cursor, read_cursor
from app.passes.store.tables import GATE_DECISIONS, moment


@dataclass(frozen=True, slots=True)
class Decision:
    """`plate` is folded, and None where it is not to be kept; `entry` the one of the list whose
    plate was read; `reads` agreed on it."""

    at: datetime
    gate: str
    camera: str | None
    pass_id: str
    plate: str | None
    list: str
    entry: int | None
    probability: float
    reads: int
    reason: Reason


class DecisionLog:
    def __init__(
        self,
        engine: sa.Engine,
        audit: Audit,
        usable: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._engine, self._audit, self._usable = engine, audit, usable

    def page(
        self,
        *,
        who: str,
        gate: str | None = None,
        reason: Reason | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[Decision], str | None]:
        """Newest first, and the cursor of what follows. Raises InvalidRequest, StoreUnavailable."""
        query = sa.select(GATE_DECISIONS)
        if gate is not None:
            query = query.where(GATE_DECISIONS.c.gate == gate)
        if reason is not None:
            query = query.where(GATE_DECISIONS.c.reason == reason)
        if cursor is not None:
            query = query.where(GATE_DECISIONS.c.seq < read_cursor(cursor, int)[1])
        query = query.order_by(GATE_DECISIONS.c.seq.desc()).limit(limit + 1)
        with self._usable():
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
            shown = rows[:limit]
            detail = {"gate": gate, "reason": reason}
            self._audit.note(who, "decisions", plate=None, detail=detail, results=len(shown))
        following = make_cursor(0, shown[-1].seq) if len(rows) > limit else None
        return [_decision(row) for row in shown], following


def _decision(row: sa.Row[tuple[object, ...]]) -> Decision:
    return Decision(
        moment(row.at),
        row.gate,
        row.camera,
        row.pass_id,
        row.plate_key,
        row.list,
        row.entry,
        row.probability,
        row.reads,
        row.reason,
    )

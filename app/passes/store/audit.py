"""Who searched what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from app.passes.store.searching import PassFilter, make_cursor, read_cursor
from app.passes.store.tables import AUDIT, moment

Action = Literal[
    "search",
    "export",
    "show",
    "picture",
    "correct",
    "delete",
    "erase",
    "audit",
    "lists",
    "list_create",
    "list_change",
    "list_delete",
    "entries",
    "entry_add",
    "entry_change",
    "entry_delete",
    "import",
    "list_export",
    "decisions",
    "replay",
    "test",
    "disable",
    "enable",
]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """`who` names a key without telling it, `plate` is folded, or the hash of one."""

    seq: int
    at: datetime
    who: str
    action: str
    plate: str | None
    detail: dict[str, Any]
    results: int


class Audit:
    def __init__(self, engine: sa.Engine, now: Callable[[], float]) -> None:
        self._engine, self._now = engine, now

    def note(
        self,
        who: str,
        action: Action,
        *,
        plate: str | None,
        detail: dict[str, Any],
        results: int,
        within: sa.Connection | None = None,
    ) -> None:
        """`within` the transaction of a change, or by itself.

        Raises DBAPIError: what cannot be noted is not told.
        """
        row = {
            "at": int(self._now() * 1e6),
            "who": who,
            "action": action,
            "plate_key": plate,
            "detail": detail,
            "results": results,
        }
        if within is not None:
            within.execute(sa.insert(AUDIT), row)
            return
        with self._engine.begin() as connection:
            connection.execute(sa.insert(AUDIT), row)

    def forget(self, plate: str) -> None:
        """A plate that is erased leaves no trace in what was searched either."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(AUDIT).where(AUDIT.c.plate_key == plate).values(plate_key=None)
            )

    def lines(self, *, limit: int, cursor: str | None) -> tuple[list[AuditLine], str | None]:
        """Newest first, and the cursor of what follows. Raises InvalidRequest, DBAPIError."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(AUDIT.c.seq < read_cursor(cursor, int)[1])
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        lines = [
            AuditLine(
                row.seq, moment(row.at), row.who, row.action, row.plate_key, row.detail, row.results
            )
            for row in rows[:limit]
        ]
        return lines, make_cursor(0, lines[-1].seq) if len(rows) > limit else None


def told(wanted: PassFilter) -> dict[str, Any]:
    """The detail of a search; its plate is kept apart."""
    return {
        "match": wanted.match,
        "cameras": list(wanted.cameras),
        "since": None if wanted.since is None else wanted.since.isoformat(),
        "until": None if wanted.until is None else wanted.until.isoformat(),
        "formats": list(wanted.formats),
        "min_confidence": wanted.min_confidence,
        "list": wanted.list,
        "corrected": wanted.corrected,
    }

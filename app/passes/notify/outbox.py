"""What is to be told to others, written in the transaction of what there is to tell."""

import hashlib
from typing import Any, Final

import sqlalchemy as sa

from app.passes.store.rows import insert_missing
from app.passes.store.tables import OUTBOX

MAX_AGE_S: Final = 86_400.0
"""Nothing is told later than this unless asked for."""


def add(
    connection: sa.Connection,
    target: str,
    payload: dict[str, Any],
    *,
    kind: str,
    id: str,
    at: float,
    expires_at: float | None = None,
    pass_id: str | None = None,
    plate_key: str | None = None,
    traceparent: str | None = None,
) -> None:
    """Have a payload sent to a target of the file, at least once, each time with the same id.

    Args:
        kind: what it tells, such as `pass.end` or `gate.open`.
        id: of this message alone: what is added a second time, after a crash, is there once.
        at: now, in seconds since 1970.
        expires_at: when it is better not told any more, in seconds since 1970; a day later if None.
        pass_id, plate_key: what it tells of, so that it is erased with that.
        traceparent: as of `NewPass`.

    Raises DBAPIError.
    """
    expires = at + MAX_AGE_S if expires_at is None else expires_at
    row = {
        "id": message_id(id, target),
        "target": target,
        "kind": kind,
        "payload": payload,
        "pass_id": pass_id,
        "plate_key": plate_key,
        "state": "waiting",
        "created": int(at * 1e6),
        "due": int(at * 1e6),
        "expires": int(expires * 1e6),
        "attempts": 0,
        "traceparent": traceparent,
    }
    connection.execute(insert_missing(connection)(OUTBOX), row)


def message_id(id: str, target: str) -> str:
    """The `webhook-id` of what is told to one target."""
    return f"msg_{hashlib.sha256(f'{target}/{id}'.encode()).hexdigest()[:32]}"

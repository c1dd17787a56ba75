"""Opens gates, and notes every decision, in the transaction of the event that it is about."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from app.passes.gates.deciding import Judgement, Reason, judge
from app.passes.gates.rules import GateRule
from app.passes.lists.matching import Snapshot, is_ignored
from app.passes.notify import outbox
from app.passes.records import NewPass
from app.passes.store.tables import GATE_DECISIONS, microseconds
from app.passes.store.texts import fold

logger = logging.getLogger(__name__)

Decided = Callable[[str, Reason], None]
"""Told of each decision: the gate and the reason."""


class GateKeeper:
    """Whatever fails, the gate stays closed: a decision that cannot be written opens nothing, nor
    does one that the sender gets to too late."""

    def __init__(
        self,
        rules: Callable[[], Mapping[str, GateRule]],
        *,
        has_target: Callable[[str], bool],
        decided: Decided = lambda gate, reason: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`has_target`: whether there is somebody of that name who opens; `now` is in seconds since
        1970."""
        self._rules, self._has_target = rules, has_target
        self._decided, self._now = decided, now

    @property
    def is_needed(self) -> bool:
        """Whether there is any gate."""
        return bool(self._rules())

    def __call__(
        self, connection: sa.Connection, events: Sequence[NewPass], snapshot: Snapshot
    ) -> None:
        """Raises DBAPIError."""
        rules = [rule for _, rule in sorted(self._rules().items())]
        for event in events:
            if not _may_open(event):
                continue
            for rule in rules:
                if event.camera in rule.config.cameras:
                    self._decide(connection, rule, event, snapshot)

    def _decide(
        self, connection: sa.Connection, rule: GateRule, event: NewPass, snapshot: Snapshot
    ) -> None:
        earlier = _last(connection, rule, event)
        if earlier is not None and earlier.opened:
            return  # once a pass
        now = self._now()
        reason, judgement = self._reason(connection, rule, event, snapshot, now)
        if earlier is not None and earlier.reason == reason:
            return
        opened = reason in ("opened", "dry_run")
        entry, told = judgement.entry, not is_ignored(event)
        row = {
            "at": int(now * 1e6),
            "gate": rule.name,
            "camera": event.camera,
            "pass_id": event.id,
            "plate_key": fold(event.plate) if told else None,
            "list": rule.config.list,
            "entry": None if entry is None else entry.id,
            "probability": event.confidence,
            "reads": event.detail["agreeing"],
            "reason": reason,
            "opened": opened,
        }
        connection.execute(sa.insert(GATE_DECISIONS), row)
        if reason == "opened":
            self._open(connection, rule, event, judgement, now)
        self._decided(rule.name, reason)

    def _reason(
        self,
        connection: sa.Connection,
        rule: GateRule,
        event: NewPass,
        snapshot: Snapshot,
        now: float,
    ) -> tuple[Reason, Judgement]:
        try:
            judgement = judge(rule, event, snapshot, datetime.fromtimestamp(now, UTC))
        except Exception:  # a fault of ours must not end the writing of passes, nor open a gate
            logger.exception("gate %s stays closed", rule.name)
            return "fault", Judgement("fault")
        if judgement.against is not None:
            return judgement.against, judgement
        assert judgement.entry is not None
        if _was_open(connection, rule, judgement.entry.id, now):
            return "cooldown", judgement
        if rule.config.dry_run:
            return "dry_run", judgement
        return "opened" if self._has_target(rule.config.open) else "no_target", judgement

    def _open(
        self,
        connection: sa.Connection,
        rule: GateRule,
        event: NewPass,
        judgement: Judgement,
        now: float,
    ) -> None:
        expires = microseconds(event.last_at) / 1e6 + rule.config.max_age
        payload: dict[str, Any] = {
            "gate": rule.name,
            "camera": event.camera,
            "pass_id": event.id,
            "at": event.last_at.astimezone(UTC).isoformat(),
            "expires_at": datetime.fromtimestamp(expires, UTC).isoformat(),
            "list": rule.config.list,
        }
        if not is_ignored(event) and judgement.entry is not None:
            draft = judgement.entry.draft
            payload |= {"plate": draft.plate, "owner": draft.owner}
            payload["probability"] = round(event.confidence, 6)
        outbox.add(
            connection,
            rule.config.open,
            payload,
            kind="gate.open",
            id=f"{event.id}.gate.{rule.name}",
            at=now,
            expires_at=expires,
            pass_id=event.id,
            plate_key=fold(event.plate),
            traceparent=event.traceparent,
        )


def _may_open(event: NewPass) -> bool:
    """A vehicle that a camera sees now, as soon as it is known, or its picture."""
    live = event.source == "camera" and event.event in ("new", "update")
    return live or event.source == "picture"


def _last(connection: sa.Connection, rule: GateRule, event: NewPass) -> Any:
    """The row of a gate's last decision on a pass; None before the first."""
    query = (
        sa.select(GATE_DECISIONS.c.reason, GATE_DECISIONS.c.opened)
        .where(GATE_DECISIONS.c.pass_id == event.id, GATE_DECISIONS.c.gate == rule.name)
        .order_by(GATE_DECISIONS.c.seq.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _was_open(connection: sa.Connection, rule: GateRule, entry: int, now: float) -> bool:
    """Whether it opened for the same entry just now; what lies ahead is of a clock gone wrong."""
    query = sa.select(GATE_DECISIONS.c.seq).where(
        GATE_DECISIONS.c.gate == rule.name,
        GATE_DECISIONS.c.entry == entry,
        GATE_DECISIONS.c.opened.is_(True),
        GATE_DECISIONS.c.at > int((now - rule.config.cooldown) * 1e6),
        GATE_DECISIONS.c.at <= int(now * 1e6),
    )
    return connection.execute(query.limit(1)).scalar() is not None

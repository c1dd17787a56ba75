"""What may be written of cameras that several processes share.

A pass is of the lease under which it was seen. What an owner saw after the next lease began is
refused. A vehicle that stands there while the camera moves is seen by both owners: what the second
says of it is told of the pass that the first has kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa

from app.passes.records import NewPass, Turn
from app.passes.store.privacy import Privacy
from app.passes.store.tables import CAMERA_TURNS, PASSES, TEXTS, microseconds

AROUND_S: Final = 20.0
"""So long around a move a vehicle of both owners is the same: a lease that runs out, a beat, and a
camera that is connected anew are in it."""
EPOCH: Final = "epoch"
"""Name in the detail of a pass."""
_LOCK: Final = 0x4E5A4346  # of PostgreSQL's advisory locks: "NZCF"
_SECOND: Final = 1_000_000
_AROUND: Final = round(AROUND_S * _SECOND)
_DAY: Final = 86_400 * _SECOND

Fenced = Callable[[str], None]
"""Told of each event that is not written as it came: `refused`, or `continued`."""


@dataclass(slots=True)
class Sifted:
    """`fresh` are written as they are. `continued` are of passes that are kept already, and have
    their ids."""

    fresh: list[NewPass] = field(default_factory=list)
    continued: list[NewPass] = field(default_factory=list)


class Fence:
    """Costs nothing where no camera is shared."""

    def __init__(self, privacy: Privacy, fenced: Fenced = lambda what: None) -> None:
        self._privacy, self._fenced = privacy, fenced

    def sift(self, connection: sa.Connection, events: Sequence[NewPass]) -> Sifted:
        """Raises DBAPIError."""
        begun = _begun(connection, events)
        found = Sifted()
        for event in events:
            turn = event.turn
            if turn is None:
                found.fresh.append(event)
                continue
            following = begun.get((event.camera or "", turn.epoch + 1))
            if following is not None and turn.seen > following:
                self._fenced("refused")
                continue
            known = self._known(connection, event, turn, begun)
            if known is None:
                found.fresh.append(event)
            else:
                self._fenced("continued")
                found.continued.append(replace(event, id=known))
        return found

    def lengthen(self, connection: sa.Connection, passes: Sequence[NewPass]) -> None:
        """Keep when passes that were continued began and ended in truth."""
        for passing in passes:
            at, last_at = microseconds(passing.at), microseconds(passing.last_at)
            connection.execute(
                sa.update(PASSES)
                .where(PASSES.c.id == passing.id)
                .values(
                    at=sa.case((PASSES.c.at < at, PASSES.c.at), else_=at),
                    last_at=sa.case((PASSES.c.last_at > last_at, PASSES.c.last_at), else_=last_at),
                )
            )

    def _known(
        self, connection: sa.Connection, event: NewPass, turn: Turn, begun: dict[Any, int]
    ) -> str | None:
        """The id of the pass in which another owner has kept the same vehicle."""
        camera = event.camera or ""
        at, last_at = microseconds(event.at), microseconds(event.last_at)
        ahead = turn.seen - last_at
        since, following = begun.get((camera, turn.epoch)), begun.get((camera, turn.epoch + 1))
        at_beginning = since is not None and at + ahead <= since + _AROUND
        at_end = following is not None and turn.seen >= following - _AROUND
        if not (at_beginning or at_end):
            return None
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))  # the other writes, too
        key, texts = self._privacy.key_of(event), self._privacy.texts(event)
        shows = sa.exists().where(TEXTS.c.pass_seq == PASSES.c.seq, TEXTS.c.text == key)
        query = (
            sa.select(PASSES.c.id, PASSES.c.detail)
            .where(
                PASSES.c.camera == camera,
                PASSES.c.at.between(at - _DAY, last_at + _AROUND),
                PASSES.c.last_at >= at - _AROUND,
                PASSES.c.id != event.id,
                sa.or_(PASSES.c.plate_key.in_([key, *texts]), shows),
            )
            .order_by(PASSES.c.at.desc())
        )
        for row in connection.execute(query):
            epoch = row.detail.get(EPOCH)
            if epoch is None:
                continue
            if (epoch < turn.epoch and at_beginning) or (epoch > turn.epoch and at_end):
                return str(row.id)
        return None


def apart(events: Sequence[NewPass]) -> Iterator[list[NewPass]]:
    """Groups in which no camera has two epochs: the first owner's are to be seen by the second."""
    group: list[NewPass] = []
    epochs: dict[str | None, int] = {}
    for event in events:
        epoch = 0 if event.turn is None else event.turn.epoch
        if epochs.setdefault(event.camera, epoch) != epoch:
            yield group
            group, epochs = [], {event.camera: epoch}
        group.append(event)
    if group:
        yield group


def _begun(connection: sa.Connection, events: Sequence[NewPass]) -> dict[Any, int]:
    """When leases began, by camera and epoch: those of the events, and those that came after."""
    turns = {(event.camera or "", event.turn.epoch) for event in events if event.turn is not None}
    if not turns:
        return {}
    asked = sorted({(camera, epoch + more) for camera, epoch in turns for more in (0, 1)})
    query = sa.select(CAMERA_TURNS).where(
        sa.tuple_(CAMERA_TURNS.c.camera, CAMERA_TURNS.c.epoch).in_(asked)
    )
    return {(row.camera, row.epoch): row.since for row in connection.execute(query)}

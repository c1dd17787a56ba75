"""The leases of cameras in PostgreSQL, by its clock."""

import time
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.passes.cameras.sharing import Lease, Member, View, to_take
from app.passes.store.database import NOW, patient_for_seconds
from app.passes.store.tables import CAMERA_LEASES, CAMERA_MEMBERS, CAMERA_TURNS

_SECOND: Final = 1_000_000
_FORGET_MEMBERS: Final = 60 * _SECOND
_FORGET_TURNS: Final = 30 * 86_400 * _SECOND


class LeaseTable:
    """Of one process. Not thread-safe. All raise DBAPIError."""

    def __init__(self, url: sa.URL, me: str, *, lease_s: float) -> None:
        """Args:
        me: a name that no other process has, nor had.
        lease_s: seconds after which the cameras of one who died are free.
        """
        self._engine = patient_for_seconds(url)
        self._me, self._lease = me, round(lease_s * _SECOND)

    def beat(self, cameras: Collection[str]) -> tuple[View, int]:
        """Live on, keep what I have of these cameras, and take what is mine to take.

        Returns what there is now, and by how many microseconds the clock of the database is ahead.
        """
        with self._engine.begin() as connection:
            before = time.time_ns()
            now = int(connection.execute(sa.select(NOW)).scalar_one())
            ahead = now - (before + time.time_ns()) // 2000
            self._live_on(connection, cameras, now)
            leases = CAMERA_LEASES
            connection.execute(
                sa.update(leases)
                .where(leases.c.owner == self._me, leases.c.camera.in_(cameras))
                .values(until=now + self._lease)
            )
            self._release(connection, leases.c.camera.not_in(cameras), now)
            view = self._view(connection, now)
            if taken := [camera for camera in to_take(view) if self._take(connection, camera, now)]:
                self._prune(connection, taken, now)
                view = self._view(connection, now)
        return view, ahead

    def release(self, cameras: Collection[str]) -> None:
        """Let others have these of mine."""
        with self._engine.begin() as connection:
            self._release(connection, CAMERA_LEASES.c.camera.in_(cameras))

    def leave(self) -> None:
        """Let others have all of mine: this process ends."""
        with self._engine.begin() as connection:
            self._release(connection, sa.true())
            connection.execute(sa.delete(CAMERA_MEMBERS).where(CAMERA_MEMBERS.c.name == self._me))

    def close(self) -> None:
        self._engine.dispose()

    def _live_on(self, connection: sa.Connection, cameras: Collection[str], now: int) -> None:
        members = CAMERA_MEMBERS
        mine = {"cameras": sorted(cameras), "until": now + self._lease}
        connection.execute(
            insert(members)
            .values(name=self._me, since=now, **mine)
            .on_conflict_do_update(index_elements=[members.c.name], set_=mine)
        )
        connection.execute(sa.delete(members).where(members.c.until < now - _FORGET_MEMBERS))

    def _view(self, connection: sa.Connection, now: int) -> View:
        members, leases = CAMERA_MEMBERS.c, CAMERA_LEASES
        alive = sa.select(members.name, members.cameras, members.since).where(members.until >= now)
        return View(
            me=self._me,
            members=[
                Member(row.name, frozenset(row.cameras), (now - row.since) / _SECOND)
                for row in connection.execute(alive)
            ],
            leases={
                row.camera: Lease(row.owner, row.epoch, is_over=row.until < now)
                for row in connection.execute(sa.select(leases))
            },
        )

    def _take(self, connection: sa.Connection, camera: str, now: int) -> bool:
        """Whether I was the first; the row is the referee."""
        leases = CAMERA_LEASES
        mine = {"owner": self._me, "until": now + self._lease}
        epoch = connection.execute(
            insert(leases)
            .values(camera=camera, epoch=1, **mine)
            .on_conflict_do_update(
                index_elements=[leases.c.camera],
                set_={**mine, "epoch": leases.c.epoch + 1},
                where=leases.c.until < now,
            )
            .returning(leases.c.epoch)
        ).scalar()
        if epoch is None:
            return False
        connection.execute(sa.insert(CAMERA_TURNS).values(camera=camera, epoch=epoch, since=now))
        return True

    def _prune(self, connection: sa.Connection, cameras: Collection[str], now: int) -> None:
        turns = CAMERA_TURNS
        connection.execute(
            sa.delete(turns).where(turns.c.camera.in_(cameras), turns.c.since < now - _FORGET_TURNS)
        )

    def _release(
        self,
        connection: sa.Connection,
        which: sa.ColumnElement[bool],
        now: int | sa.Cast[int] = NOW,
    ) -> None:
        leases = CAMERA_LEASES
        connection.execute(
            sa.update(leases).where(leases.c.owner == self._me, which).values(until=now - 1)
        )

"""One process sends, of all that share a store."""

import fcntl
import os
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_LOCK: Final = 0x4E5A4F42  # of PostgreSQL's advisory locks: "NZOB"
_KEEPALIVES: Final = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5")


class Ownership(Protocol):
    """Not thread-safe."""

    def held(self) -> bool:
        """Whether this process is the one that sends, which it tries to become."""

    def release(self) -> None: ...


class FileOwnership:
    """Of processes of one machine: a lock that goes with its process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def held(self) -> bool:
        """Raises OSError."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class SessionOwnership:
    """Of machines that share a PostgreSQL: a lock that goes with its session."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None

    def held(self) -> bool:
        """Raises DBAPIError."""
        if self._connection is None:
            return self._acquired()
        try:
            self._connection.execute(sa.select(1))
            self._connection.commit()
        except DBAPIError:  # the session is lost, and the lock with it
            self.release()
            raise
        return True

    def release(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _acquired(self) -> bool:
        connection = self._engine.connect()
        try:
            for keepalive in _KEEPALIVES:
                connection.execute(sa.text(f"SET {keepalive}"))
            taken = connection.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar()
            connection.commit()
        except DBAPIError:
            connection.close()
            raise
        if not taken:
            connection.close()
            return False
        self._connection = connection
        return True

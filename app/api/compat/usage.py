"""Calls counted by month, for clients that ask how many they have left."""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Usage:
    """`calls` are those of the month that `month` lies in, `total` all that were counted."""

    month: datetime
    calls: int
    total: int

    @property
    def resets_on(self) -> datetime:
        """The moment the next month begins."""
        years, month = divmod(self.month.month, 12)
        return datetime(self.month.year + years, month + 1, 1, tzinfo=UTC)


class UsageCounter:
    """Counts in an SQLite file, which processes may share and which outlives them, or in memory.

    Months are those of UTC. Thread-safe.
    """

    def __init__(self, file: Path | None) -> None:
        """Raises OSError where the file cannot be used."""
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(
                ":memory:" if file is None else file,
                timeout=_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS usage (month TEXT PRIMARY KEY, calls INTEGER NOT NULL)"
            )
        except sqlite3.Error as error:
            raise OSError(f"The usage file {file} cannot be used: {error}.") from error

    def count(self) -> Usage:
        """Count one call."""
        now = datetime.now(UTC)
        with self._lock:
            self._database.execute(
                "INSERT INTO usage VALUES (?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1",
                (_key(now),),
            )
            return self._usage(now)

    def usage(self) -> Usage:
        with self._lock:
            return self._usage(datetime.now(UTC))

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _usage(self, now: datetime) -> Usage:
        calls, total = self._database.execute(
            "SELECT coalesce(sum(calls) FILTER (WHERE month = ?), 0), coalesce(sum(calls), 0)"
            " FROM usage",
            (_key(now),),
        ).fetchone()
        return Usage(now, calls, total)


def _key(moment: datetime) -> str:
    return f"{moment:%Y-%m}"

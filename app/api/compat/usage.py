"""Calls counted by month, for clients that ask how many they have left."""

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

logger = logging.getLogger(__name__)

_START_SECONDS = 5.0
_WAIT_MS = 100
_RETRY_SECONDS = 5.0


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


class CallCounter(Protocol):
    """Thread-safe."""

    def count(self) -> Usage:
        """Count one call."""

    def usage(self) -> Usage:
        """What was counted, as far as is known here."""

    def close(self) -> None: ...


class SharedUsage:
    """Counts with other processes, which hear of it when it is called, again and again. Calls that
    they could not be told of are told later."""

    def __init__(self, add: Callable[[str, Mapping[str, int]], Mapping[str, int]]) -> None:
        """`add` adds to counts of a kind by month, and gives those of all processes."""
        self._add = add
        self._known: Counter[str] = Counter()
        self._telling: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Raises what `add` raises."""
        with self._lock:
            self._telling, self._kept = self._telling + self._kept, Counter()
            telling = dict(self._telling)
        known = Counter(self._add("usage", telling))
        with self._lock:
            self._known, self._telling = known, Counter()

    def count(self) -> Usage:
        now = datetime.now(UTC)
        with self._lock:
            self._kept[_key(now)] += 1
            return self._usage(now)

    def usage(self) -> Usage:
        with self._lock:
            return self._usage(datetime.now(UTC))

    def close(self) -> None: ...

    def _usage(self, now: datetime) -> Usage:
        calls = self._known + self._telling + self._kept
        return Usage(now, calls[_key(now)], calls.total())


class UsageCounter:
    """Counts in an SQLite file, which processes may share and which outlives them, or in memory.

    While the file cannot be used (locked, or its disk full) calls are kept and written later: no
    answer to a picture depends on them. Months are those of UTC. Thread-safe.
    """

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises OSError where the file cannot be used."""
        self._lock = threading.Lock()
        self._clock = clock
        self._retry_at = 0.0
        self._written: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        try:
            self._database = sqlite3.connect(
                ":memory:" if file is None else file,
                timeout=_START_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS usage (month TEXT PRIMARY KEY, calls INTEGER NOT NULL)"
            )
            self._database.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        except sqlite3.Error as error:
            raise OSError(f"The usage file {file} cannot be used: {error}.") from error

    def count(self) -> Usage:
        """Count one call."""
        now = datetime.now(UTC)
        with self._lock:
            self._kept[_key(now)] += 1
            return self._usage(now)

    def usage(self) -> Usage:
        """What was counted, with what others wrote to the file where it can be read."""
        with self._lock:
            return self._usage(datetime.now(UTC))

    def close(self) -> None:
        with self._lock:
            self._retry_at = 0.0
            self._synchronize()
            self._database.close()

    def _usage(self, now: datetime) -> Usage:
        self._synchronize()
        calls = self._written + self._kept
        return Usage(now, calls[_key(now)], calls.total())

    def _synchronize(self) -> None:
        if self._clock() < self._retry_at:
            return
        try:
            self._write()
            self._written = Counter(dict(self._database.execute("SELECT month, calls FROM usage")))
        except sqlite3.Error as error:
            self._retry_at = self._clock() + _RETRY_SECONDS
            logger.warning("%d calls are not in the usage file yet: %s", self._kept.total(), error)

    def _write(self) -> None:
        if not self._kept:
            return
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:  # commits or rolls back
            self._database.executemany(
                "INSERT INTO usage VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls",
                list(self._kept.items()),
            )
        self._kept.clear()


def _key(moment: datetime) -> str:
    return f"{moment:%Y-%m}"

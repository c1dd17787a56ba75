"""What processes count together: in a file of one machine, or in a database."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from app.errors import StoreUnavailable
from app.limits.allowances import Allowances
from app.limits.bucket import Taken

logger = logging.getLogger(__name__)

EVERY_S: Final = 0.5
_WAIT_S: Final = 2.0


class Rates(Protocol):
    """Not thread-safe."""

    def exchange(self, taken: Mapping[str, Taken]) -> dict[str, float]:
        """Tell what was taken, by names of limits, and give how far each now reaches into the
        future, in seconds, of all processes together.

        Raises OSError, StoreUnavailable.
        """


class FileRates:
    """An SQLite file, which processes of one machine share."""

    def __init__(self, file: Path, now: Callable[[], float] = time.time) -> None:
        self._file, self._now = file, now

    def exchange(self, taken: Mapping[str, Taken]) -> dict[str, float]:
        """Raises OSError."""
        try:
            with closing(sqlite3.connect(self._file, _WAIT_S, isolation_level=None)) as database:
                return self._exchange(database, taken)
        except sqlite3.Error as error:
            raise OSError(f"{self._file}: {error}") from error

    def _exchange(
        self, database: sqlite3.Connection, taken: Mapping[str, Taken]
    ) -> dict[str, float]:
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        now = self._now()
        with database:  # commits or rolls back
            database.execute(
                "CREATE TABLE IF NOT EXISTS rates (name TEXT PRIMARY KEY, until REAL NOT NULL)"
            )
            known = dict(database.execute("SELECT name, until FROM rates"))
            together = {
                name: each.together(known.get(name, now) - now) for name, each in taken.items()
            }
            database.executemany(
                "INSERT OR REPLACE INTO rates VALUES (?, ?)",
                [(name, now + together[name]) for name, each in taken.items() if each.seconds],
            )
        return together


class RateExchange:
    """Makes the buckets of this process know what others took."""

    def __init__(self, allowances: Allowances, rates: Rates) -> None:
        self._allowances, self._rates = allowances, rates

    def __call__(self) -> None:
        """Raises OSError, StoreUnavailable: what could not be told is told the next time."""
        buckets = self._allowances.buckets()
        if not buckets:
            return
        taken = {name: bucket.unshared() for name, bucket in buckets.items()}
        try:
            together = self._rates.exchange(taken)
        except BaseException:
            for name, each in taken.items():
                buckets[name].not_shared(each)
            raise
        for name, ahead_s in together.items():
            buckets[name].agree(ahead_s)


class Exchanging:
    """Exchanges on a thread, again and again, until it is closed."""

    def __init__(self, turns: Sequence[Callable[[], None]], *, every_s: float = EVERY_S) -> None:
        """Each of the `turns` raises OSError or StoreUnavailable where it is to be tried again."""
        self._turns, self._every_s = turns, every_s
        self._failing = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="counts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell a last time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_WAIT_S)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._turn()
        self._turn()

    def _turn(self) -> None:
        try:
            for turn in self._turns:
                turn()
            if self._failing:
                logger.info("limits and counts are shared again")
            self._failing = False
        except (OSError, StoreUnavailable) as error:
            if not self._failing:
                logger.error(  # noqa: TRY400
                    "limits of keys hold in each process by itself for now: %s",
                    getattr(error.__cause__, "orig", None) or error,
                )
            self._failing = True
        except Exception:  # a fault of ours must not end the thread: nothing would be shared
            logger.exception("limits and counts cannot be shared")

"""From the backlog to the database, in batches, on a thread of its own."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from app.errors import StoreUnavailable
from app.passes.records import NewPass
from app.passes.store.backlog import Backlog, accepted, from_bytes
from app.passes.store.database import translated
from app.passes.store.rows import PassWriter

logger = logging.getLogger(__name__)

BATCH: Final = 200
POLL_S: Final = 0.25
"""What other processes left behind is looked for so often."""
PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
Counted = Callable[[int, int], None]
"""Told how many passes were written, and how many wait."""
Written = Callable[[NewPass, int], None]
"""Told of each pass that is in the database now, with the moment it was accepted: nanoseconds since
1970."""


class Writer:
    """Writes what waits whenever there is something, until it is closed."""

    def __init__(
        self,
        rows: PassWriter,
        backlog: Backlog,
        *,
        prepare: Callable[[], None],
        observe: Counted = lambda written, waiting: None,
        tidy: Callable[[], None] = lambda: None,
        committed: Callable[[], None] = lambda: None,
        written: Written = lambda passing, accepted: None,
    ) -> None:
        """`prepare` brings the database up to date, or raises StoreUnavailable; `tidy` is called
        between batches, `committed` after each."""
        self._rows, self._backlog = rows, backlog
        self._prepare, self._observe, self._tidy = prepare, observe, tidy
        self._committed, self._written = committed, written
        self._wake, self._stop = threading.Event(), threading.Event()
        self._busy = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="passes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def close(self) -> None:
        """Write what waits, as far as that can be done now, and end."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def write_waiting(self) -> bool:
        """Write all that waits now; False where another process is at it.

        Raises:
            StoreUnavailable, OSError: what is not written yet goes on waiting.
        """
        with self._busy, self._backlog.alone() as alone:
            if not alone:
                return False
            waiting = self._backlog.waiting()
            if waiting:
                self._prepare()
            while waiting:
                batch, waiting = waiting[:BATCH], waiting[BATCH:]
                with translated():
                    written = self._write(batch)
                self._committed()
                self._observe(written, len(waiting))
            return True

    def _run(self) -> None:
        failures = 0
        while True:
            stopping = self._stop.is_set()
            self._wake.clear()
            try:
                self.write_waiting()
                if not stopping:
                    self._tidy()
                if failures:
                    logger.info("the store can be written again")
                failures = 0
            except (StoreUnavailable, OSError) as error:
                if not failures:
                    logger.error("passes wait, the store cannot be written: %s", _why(error))  # noqa: TRY400
                self._observe(0, len(self._backlog.waiting()))
                failures += 1
            except Exception:  # a fault of ours must not end the thread: everything would wait
                logger.exception("passes wait, writing them failed")
                failures += 1
            if stopping:
                return
            if failures:
                self._stop.wait(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
            else:
                self._wake.wait(POLL_S)

    def _write(self, batch: Sequence[Path]) -> int:
        passes: dict[Path, NewPass] = {}
        for path in batch:
            try:
                passes[path] = from_bytes(path.read_bytes())
            except ValueError:
                self._backlog.set_aside(path)
        try:
            written = self._rows.write(list(passes.values()))
        except (OperationalError, InterfaceError):
            raise
        except DBAPIError:
            if len(passes) == 1:
                self._backlog.set_aside(next(iter(passes)))
                return 0
            return sum(self._write([path]) for path in passes)
        for path, passing in passes.items():
            path.unlink(missing_ok=True)
            self._written(passing, accepted(path))
        return written


def _why(error: Exception) -> str:
    """The database's own words, or the bucket's; they have no plate in them."""
    cause = error.__cause__
    return str(getattr(cause, "orig", None) or cause or error)

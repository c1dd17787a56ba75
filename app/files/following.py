"""A file that is read again whenever it changes."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from app.errors import AlprError

logger = logging.getLogger(__name__)

LOOK_S = 2.0

_State = tuple[int, int, int] | None


class FollowedFile:
    """Follows a file, by looking at it: links that are moved, as in Kubernetes, are seen as well.

    A file that is wrong changes nothing; `error` then says what is wrong.
    """

    def __init__(
        self,
        path: Path,
        apply: Callable[[Path], list[str]],
        *,
        what: str,
        look_s: float = LOOK_S,
    ) -> None:
        """Read the file: `apply` does, and returns the names of what changed.

        Args:
            what: the plural of what is in it, for the log.

        Raises:
            AlprError, OSError: as `apply`.
        """
        self.error: str | None = None
        self._path, self._apply, self._what, self._look_s = path, apply, what, look_s
        self._wake, self._stopped = threading.Event(), False
        self._asked = False
        self._state = _state(path)
        self._apply(path)
        self._thread = threading.Thread(target=self._follow, name=f"{what}-file", daemon=True)
        self._thread.start()

    def reload(self) -> None:
        """Read it now, changed or not: a file of a password may have. From any thread, at once."""
        self._asked = True
        self._wake.set()

    def close(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stopped:
            self._wake.wait(self._look_s)
            self._wake.clear()
            state, asked = _state(self._path), self._asked
            if self._stopped or not (asked or state != self._state):
                continue
            self._asked, self._state = False, state
            self._read()

    def _read(self) -> None:
        try:
            names = self._apply(self._path)
        except (AlprError, OSError) as error:
            self.error = str(error)
            logger.error("%s stay as they were: %s", self._what, error)  # noqa: TRY400  # the user's
            return
        self.error = None
        logger.info("%s read again; changed: %s", self._what, ", ".join(names) or "none")


def _state(path: Path) -> _State:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

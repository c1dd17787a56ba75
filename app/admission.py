"""How much is accepted at a time."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Overloaded

_SMOOTHING = 0.1


class Admission:
    """Counts pictures between acceptance and answer, and refuses those above the limit.

    Refusing is immediate and costs nothing; what is accepted will be answered. Thread-safe.
    """

    def __init__(self, limit: int, *, workers: int) -> None:
        self.limit = limit
        self._workers = workers
        self._in_flight = 0
        self._mean_seconds = 0.05
        self._lock = threading.Lock()

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @contextmanager
    def admit(self, pictures: int = 1) -> Iterator[None]:
        """Hold room for some pictures. Raises Overloaded where there is not enough."""
        with self._lock:
            if self._in_flight + pictures > self.limit:
                raise Overloaded(
                    "Too many pictures are in flight; try again.", retry_after=self._retry_after()
                )
            self._in_flight += pictures
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= pictures

    def record(self, seconds: float) -> None:
        """Learn what one picture takes on one worker, from which Retry-After is told."""
        with self._lock:
            self._mean_seconds += _SMOOTHING * (seconds - self._mean_seconds)

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._in_flight * self._mean_seconds / self._workers))

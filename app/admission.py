"""How much is accepted at a time."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import CapacityError, Overloaded

_SMOOTHING = 0.1


class Budget:
    """An amount of something that can be taken, up to a limit, and comes back. Thread-safe.

    Refusing is immediate and costs nothing.
    """

    def __init__(
        self, limit: int, *, what: str, observe: Callable[[int], None] = lambda in_use: None
    ) -> None:
        """
        Args:
            what: plural, for the refusal.
            observe: called with the amount in use whenever it changes, from any thread.
        """
        self.limit = limit
        self._what = what
        self._observe = observe
        self._in_use = 0
        self._lock = threading.Lock()

    @property
    def in_use(self) -> int:
        return self._in_use

    def check(self, amount: int = 1) -> None:
        """Raises Overloaded where `take` would."""
        with self._lock:
            self._check(amount)

    def take(self, amount: int = 1) -> None:
        """Raises Overloaded where there is not enough."""
        with self._lock:
            self._check(amount)
            self._change(amount)

    def give_back(self, amount: int = 1) -> None:
        with self._lock:
            self._change(-amount)

    @contextmanager
    def admit(self, amount: int = 1) -> Iterator[None]:
        """Hold room for a while. Raises Overloaded where there is not enough."""
        self.take(amount)
        try:
            yield
        finally:
            self.give_back(amount)

    def refusal(self) -> CapacityError:
        """What those who find no room are told."""
        return Overloaded(
            f"Too many {self._what} are in flight; try again.", retry_after=self._retry_after()
        )

    def _check(self, amount: int) -> None:
        if self._in_use + amount > self.limit:
            raise self.refusal()

    def _change(self, amount: int) -> None:
        self._in_use += amount
        self._observe(self._in_use)

    def _retry_after(self) -> int:
        return 1


class Admission(Budget):
    """Pictures between acceptance and answer: what is admitted will be answered."""

    def __init__(
        self,
        limit: int,
        *,
        workers: int,
        observe: Callable[[int], None] = lambda in_use: None,
    ) -> None:
        super().__init__(limit, what="pictures", observe=observe)
        self._workers = workers
        self._mean_seconds = 0.05

    def record(self, seconds: float) -> None:
        """Learn what one picture takes on one worker, from which Retry-After is told."""
        with self._lock:
            self._mean_seconds += _SMOOTHING * (seconds - self._mean_seconds)

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._in_use * self._mean_seconds / self._workers))

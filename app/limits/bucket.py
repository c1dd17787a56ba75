"""A rate, as the generic cell rate algorithm counts it (ITU-T I.371; as a token bucket, but of one
number, which processes can share)."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.config.keys import Rate
from app.errors import RateLimited

_ROUNDING_S = 1e-6
_DEBT_S = 10.0
"""What processes let in too much while they could not tell each other is paid back by waiting, but
for no longer than a window and this."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one process took since it last told the others, in seconds of the window.

    `within_s`: how long ago that was. `ahead_s`: how far all that it knows of reaches into the
    future. `most_s`: how far that may reach, whatever is added.
    """

    seconds: float
    within_s: float
    ahead_s: float
    most_s: float

    def together(self, known_s: float) -> float:
        """How far it reaches with what others took, by whom `known_s` was reached before."""
        reached = max(known_s, -self.within_s) + self.seconds
        return min(max(reached, self.ahead_s), self.most_s)


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be taken at once, and the seconds until all may again."""

    amount: int
    reset_s: int


class Bucket:
    """Thread-safe. Its one number is how far what was taken reaches into the future: each piece
    takes its part of the window."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._each_s = rate.window_s / rate.quota
        self._until = -math.inf
        self._unshared, self._told_at = 0, clock()
        self._lock = threading.Lock()

    def take(self, amount: int = 1) -> None:
        """More than there ever is may be taken by one who has taken nothing for long.

        Raises RateLimited where that is too much now.
        """
        with self._lock:
            now = self._clock()
            needed_s = min(amount, self.rate.quota) * self._each_s
            wait_s = self._ahead_s(now) + needed_s - self.rate.window_s
            if wait_s > _ROUNDING_S:
                raise RateLimited(
                    f"This key may send {self.rate.quota} pictures in {self.rate.window_s} s; "
                    "try again.",
                    retry_after=max(1, math.ceil(wait_s)),
                )
            self._add(amount, now)

    def left(self) -> Left:
        with self._lock:
            ahead_s = self._ahead_s(self._clock())
        room_s = max(0.0, self.rate.window_s - ahead_s)
        return Left(int((room_s + _ROUNDING_S) / self._each_s), math.ceil(ahead_s - _ROUNDING_S))

    def unshared(self) -> Taken:
        """What the others do not know; it counts as told from now on."""
        with self._lock:
            now = self._clock()
            amount, self._unshared = self._unshared, 0
            return Taken(
                seconds=amount * self._each_s,
                within_s=now - self._told_at,
                ahead_s=self._ahead_s(now),
                most_s=2 * self.rate.window_s + _DEBT_S,
            )

    def not_shared(self, taken: Taken) -> None:
        """They could not be told."""
        with self._lock:
            self._unshared += round(taken.seconds / self._each_s)

    def agree(self, ahead_s: float) -> None:
        """How far all together reach into the future, as was just said."""
        with self._lock:
            self._told_at = self._clock()
            self._until = self._told_at + ahead_s + self._unshared * self._each_s

    def _ahead_s(self, now: float) -> float:
        return max(0.0, self._until - now)

    def _add(self, amount: int, now: float) -> None:
        self._until = now + self._ahead_s(now) + amount * self._each_s
        self._unshared += amount

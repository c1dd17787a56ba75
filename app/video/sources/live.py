"""A live source: connected again and again, and told in one rising time."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from app.errors import AlprError, CameraError, CameraLost, FetchError, RequestTooLarge
from app.video.sources.connection import Arrival, Connection
from app.video.sources.pacing import StreamClock
from app.video.types import Silence, VideoFrame

SILENCE_S = 0.5
"""Where no frame comes, the time is told so often."""
HELD_UP_S = 1.0
"""But only what is so long ago: a frame that is held up on its way may still be of later."""

State = Literal["connecting", "live", "waiting", "ended"]
"""`waiting`: between two attempts."""

LOST = CameraError, FetchError, RequestTooLarge


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds.

    `open_s` and `read_s`: for the first frame of a connection, and for each further one.
    After a connection that ended the next attempt waits `first_s`, twice as long each time up to
    `longest_s`, a random part of it less so that cameras do not come back all at once.
    """

    open_s: float = 10.0
    read_s: float = 10.0
    first_s: float = 1.0
    longest_s: float = 30.0

    def delay(self, attempt: int, chance: float) -> float:
        """Before the attempt of that number, from 1 on; `chance` is from 0 to 1."""
        longest = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        return longest * (0.5 + chance / 2)


class LiveSource:
    """Frames of what has no end; iterating ends by `abort` alone.

    Times are seconds since it was made, as `now` tells them. What is lost is connected again. A
    connection that gives nothing in time is closed, whatever it does.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        patience: Patience,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        pause: Callable[[threading.Event, float], bool] = threading.Event.wait,
        tell: Callable[[State, AlprError | None], None] = lambda state, error: None,
    ) -> None:
        """
        Args:
            connect: begins a connection; may raise what its `next` raises.
            tell: called with each change of the state, and why a connection was lost.
        """
        self.reconnects = 0
        self._connect, self._patience = connect, patience
        self._clock, self._chance, self._pause, self._tell = clock, chance, pause, tell
        self._begun_s = clock()
        self._times = StreamClock()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._past = [0, 0, 0]

    @property
    def frames(self) -> int:
        return self._counted()[0]

    @property
    def dropped(self) -> int:
        return self._counted()[1]

    @property
    def damaged(self) -> int:
        """Frames that came and could not be decoded."""
        return self._counted()[2]

    def now(self) -> float:
        return self._clock() - self._begun_s

    def abort(self) -> None:
        self._stopped.set()
        with self._lock:
            if self._connection is not None:
                self._connection.abort()

    def close(self) -> None:
        self.abort()

    def __iter__(self) -> Iterator[VideoFrame | Silence]:
        attempt = 0
        while not self._stopped.is_set():
            self._tell("connecting", None)
            lived_s = 0.0
            begun_s = self.now()
            lost: AlprError = CameraLost("The connection was closed.")
            try:
                with self._connected() as connection:
                    for frame in self._frames(connection):
                        yield frame
                        lived_s = self.now() - begun_s
            except LOST as error:
                lost = error
            if self._stopped.is_set():
                break
            attempt = 1 if lived_s > self._patience.longest_s else attempt + 1
            self.reconnects += 1
            self._tell("waiting", lost)
            until_s = self.now() + self._patience.delay(attempt, self._chance())
            while (left := until_s - self.now()) > 0:
                if self._pause(self._stopped, min(left, SILENCE_S)):
                    break
                yield self._silence()
        self._tell("ended", None)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connection = self._connect()
        self._times.restart()
        try:
            with self._lock:
                self._connection = connection
            if self._stopped.is_set():
                connection.abort()
            yield connection
        finally:
            with self._lock:
                self._past = self._counted()
                self._connection = None
            connection.close()

    def _frames(self, connection: Connection) -> Iterator[VideoFrame | Silence]:
        """Raises CameraLost, FetchError, RequestTooLarge."""
        seen_s, patience_s, is_first = self.now(), self._patience.open_s, True
        while not self._stopped.is_set():
            arrival = connection.next(SILENCE_S)
            if arrival is not None:
                if is_first:
                    self._tell("live", None)
                    patience_s, is_first = self._patience.read_s, False
                yield self._placed(arrival)
                seen_s = self.now()  # not before: whoever reads may have taken its time
            elif self.now() - seen_s > patience_s:
                raise CameraLost(f"No picture came for {patience_s:g} s.")
            else:
                yield self._silence()

    def _silence(self) -> Silence:
        moment_s = max(0.0, self.now() - HELD_UP_S)
        self._times.passed(moment_s)
        return Silence(moment_s)

    def _placed(self, arrival: Arrival) -> VideoFrame:
        arrived_s = arrival.arrived_s - self._begun_s
        return VideoFrame(arrival.picture, self._times.at(arrival.told_s, arrived_s))

    def _counted(self) -> list[int]:
        now = self._connection
        if now is None:
            return self._past
        counts = now.frames, now.dropped, now.damaged
        return [past + count for past, count in zip(self._past, counts, strict=True)]

"""The threads that read pictures."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from app.errors import DeadlineExceeded
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import FrameResult

Outcome = TypeVar("Outcome")

SLICING_SHARE = 0.6
"""Share of the time left to a picture after which no further pass of the detector begins, so that
what was found is still read and answered in time."""

LoadObserver = Callable[[int, int], None]
"""Called with (queued, running) whenever either changes, from any thread."""


class Engine:
    """A fixed pool of threads, each reading one picture at a time.

    There are two pipelines over the same weights. `alone` spreads a network over all cores and
    gives the quickest answer to a picture that has the machine to itself; `together` runs each
    network on one thread, which gives the most pictures a second once several are in flight.
    """

    def __init__(
        self,
        alone: PlatePipeline,
        together: PlatePipeline,
        *,
        workers: int,
        observe: LoadObserver = lambda queued, running: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workers = workers
        self._clock = clock
        self._alone = alone
        self._together = together
        self._observe = observe
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="alpr")
        self._lock = threading.Lock()
        self._free = threading.Condition(self._lock)
        self._line: deque[object] = deque()
        self._closed = False
        self._queued = 0
        self._begun: dict[int, float] = {}

    @property
    def pipeline(self) -> PlatePipeline:
        """For one picture here and now, on the calling thread."""
        return self._alone

    @property
    def queued(self) -> int:
        return self._queued

    @property
    def running(self) -> int:
        return len(self._begun)

    def stuck(self, seconds: float) -> int:
        """How many workers have been busy with one picture for longer than that."""
        with self._lock:
            now = self._clock()
            return sum(now - begun > seconds for begun in self._begun.values())

    def submit(
        self, data: bytes, options: ReadOptions, *, deadline: float = float("inf")
    ) -> Future[FrameResult]:
        """Queue an encoded picture. Cancelling the future drops it if it has not begun.

        Args:
            deadline: moment of `time.monotonic` after which it is not begun any more; the future
                then raises DeadlineExceeded. Otherwise it raises what `PlatePipeline.read_bytes`
                raises. The result has the stage "queue" added to its timings.
        """

        def read(pipeline: PlatePipeline, waited_ms: float) -> FrameResult:
            begun = time.monotonic()
            slice_until = begun + SLICING_SHARE * (deadline - begun)
            result = pipeline.read_bytes(data, options, slice_until=slice_until)
            return replace(result, timings_ms={"queue": waited_ms, **result.timings_ms})

        return self.run(read, deadline=deadline)

    def run(
        self, work: Callable[[PlatePipeline, float], Outcome], *, deadline: float = float("inf")
    ) -> Future[Outcome]:
        """Queue other work on one picture, done with a pipeline on one of the threads.

        Args:
            work: called with the pipeline to use and the milliseconds it waited.
            deadline: as for `submit`.
        """
        self._queue(1)
        future = self._pool.submit(self._work, work, deadline, time.perf_counter())
        future.add_done_callback(self._forget_cancelled)
        return future

    def run_between(
        self, work: Callable[[PlatePipeline, float], Outcome], *, seconds: float
    ) -> Outcome:
        """Do work of low priority on one of the threads, and wait for its outcome.

        It begins once a thread is free and nothing else is queued, and takes no more than that
        one. Who came first is first.

        Args:
            work: as for `run`.
            seconds: how long it may wait for its turn.

        Raises:
            DeadlineExceeded: its turn did not come in that time.
            CancelledError: the engine is closed.
        """
        begun, turn = time.perf_counter(), object()
        with self._free:
            self._line.append(turn)
            try:
                while not self._closed and (self._line[0] is not turn or not self._has_room()):
                    left = begun + seconds - time.perf_counter()
                    if left <= 0:
                        raise DeadlineExceeded("The frame waited too long for its turn.")
                    self._free.wait(left)
                if self._closed:
                    raise CancelledError
                self._queued += 1
                future = self._pool.submit(self._work, work, float("inf"), begun, spread=False)
            finally:
                self._line.remove(turn)
                self._free.notify_all()
        future.add_done_callback(self._forget_cancelled)
        return future.result()

    @property
    def is_pressed(self) -> bool:
        """Whether anything waits for a thread, work of low priority included."""
        return self._queued > 0 or bool(self._line)

    def _has_room(self) -> bool:
        return self._queued == 0 and len(self._begun) < self.workers

    def close(self) -> None:
        """Finish what runs, drop what is queued."""
        with self._free:
            self._closed = True
            self._free.notify_all()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(
        self,
        work: Callable[[PlatePipeline, float], Outcome],
        deadline: float,
        submitted: float,
        *,
        spread: bool = True,
    ) -> Outcome:
        waited = time.perf_counter() - submitted
        only = self._begin()
        try:
            if time.monotonic() > deadline:
                raise DeadlineExceeded("The picture waited too long for its turn.")
            return work(self._alone if only and spread else self._together, waited * 1e3)
        finally:
            self._end()

    def _begin(self) -> bool:
        """A queued picture runs on this thread; tells whether it is the only one there is."""
        with self._lock:
            self._queued -= 1
            self._begun[threading.get_ident()] = self._clock()
            self._free.notify_all()
            self._observe(self._queued, len(self._begun))
            return len(self._begun) == 1 and self._queued == 0

    def _end(self) -> None:
        with self._lock:
            del self._begun[threading.get_ident()]
            self._free.notify_all()
            self._observe(self._queued, len(self._begun))

    def _queue(self, change: int) -> None:
        with self._lock:
            self._queued += change
            self._free.notify_all()
            self._observe(self._queued, len(self._begun))

    def _forget_cancelled(self, future: Future[Outcome]) -> None:
        if future.cancelled():
            self._queue(-1)

"""Readings drawn by processes beside the training, as fast as the processors can."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Self

import cv2

from models.training.reader.readings import Reading, Sources, draw_reading, stacked

BLOCK = 64  # readings drawn at once
AHEAD = 30  # blocks a process may be ahead: what it draws while the training writes a report

_worker: dict[str, Any] = {}  # what the drawing processes hold, set once when they start


class Feed:
    """Readings number `first` and on, in about this order; each is a function of the sources, its
    number and the seed. The processes start with the object: make it before a GPU is touched,
    since they are forked."""

    def __init__(self, sources: Sources, seed: int, first: int, workers: int) -> None:
        context = multiprocessing.get_context("fork")
        self._pool = ProcessPoolExecutor(workers, context, _start, (sources, seed))
        self._blocks: deque[Future[Reading]] = deque()
        self._most = AHEAD * workers
        self.first = first  # number of the first reading that has not been taken
        self._submitted = first
        self._submit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self) -> Sequence[Reading]:
        """The stacks that are ready; waits for one where none is."""
        blocks = [self._blocks.popleft().result()]
        while self._blocks and self._blocks[0].done():
            blocks.append(self._blocks.popleft().result())
        return self._taken(blocks)

    def take_ready(self) -> Sequence[Reading]:
        """The stacks that are ready, none perhaps."""
        return self.take() if self._blocks[0].done() else ()

    def _taken(self, blocks: list[Reading]) -> list[Reading]:
        self.first += BLOCK * len(blocks)
        self._submit()
        return blocks

    def _submit(self) -> None:
        while len(self._blocks) < self._most:
            self._blocks.append(self._pool.submit(_draw, self._submitted))
            self._submitted += BLOCK


def _start(sources: Sources, seed: int) -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the training stops them when it has saved
    _worker.update(sources=sources, seed=seed)


def _draw(first: int) -> Reading:
    return stacked(
        [draw_reading(_worker["sources"], i, _worker["seed"]) for i in range(first, first + BLOCK)]
    )

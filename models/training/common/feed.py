"""Training pictures drawn by processes beside the training, as fast as the processors can."""

import mmap
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

Sources = TypeVar("Sources")
Known = TypeVar("Known")
Pictures = NDArray[np.uint8]
Draw = Callable[[Sources, int, int, Pictures], Known]

_worker: dict[str, Any] = {}  # what the drawing processes hold, set once when they start


class Block(NamedTuple, Generic[Known]):
    """`pictures` (block, ...) uint8, valid until the next block is taken, and what is known of
    them."""

    pictures: Pictures
    known: Known


class Feed(Generic[Sources, Known]):
    """Pictures number `first` and on, in order, in blocks.

    `draw(sources, number, seed, pictures)` fills `pictures` with those from `number` on and says
    what is known of them; it depends on nothing else. The pictures go through shared memory, since
    a pipe is too slow for large ones. The processes start with the object: make it before a GPU is
    touched, since they are forked. Each may be `ahead` blocks ahead, which it draws while the
    training writes a report.
    """

    def __init__(
        self,
        draw: Draw[Sources, Known],
        sources: Sources,
        *,
        seed: int,
        first: int,
        workers: int,
        block: int,
        shape: tuple[int, ...],
        ahead: int,
    ) -> None:
        slots = ahead * workers
        memory = mmap.mmap(-1, slots * block * int(np.prod(shape)))
        self._desk: Pictures = np.frombuffer(memory, np.uint8).reshape(slots, block, *shape)
        context = multiprocessing.get_context("fork")
        held = {"draw": draw, "sources": sources, "seed": seed, "desk": self._desk}
        self._pool = ProcessPoolExecutor(workers, context, _start, (held,))
        self._block = block
        self._ahead: deque[tuple[int, Future[Known]]] = deque()
        self._lent = list(range(slots))
        self.first = first  # number of the first picture that has not been taken
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

    def take(self) -> Block[Known]:
        """The next block; waits for it."""
        self._submit()
        slot, future = self._ahead.popleft()
        known = future.result()
        self._lent.append(slot)
        self.first += self._block
        return Block(self._desk[slot], known)

    def pin(self) -> None:
        """Let a GPU fetch the pictures by itself, many times as fast."""
        status = torch.cuda.cudart().cudaHostRegister(self._desk.ctypes.data, self._desk.nbytes, 0)
        torch.cuda.check_error(int(status))

    def ready(self) -> bool:
        """Whether the next block need not be waited for."""
        return bool(self._ahead) and self._ahead[0][1].done()

    def _submit(self) -> None:
        while self._lent:
            slot = self._lent.pop()
            self._ahead.append((slot, self._pool.submit(_draw, self._submitted, slot)))
            self._submitted += self._block


def _start(held: dict[str, Any]) -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the training stops them when it has saved
    _worker.update(held)


def _draw(first: int, slot: int) -> Any:
    return _worker["draw"](_worker["sources"], first, _worker["seed"], _worker["desk"][slot])

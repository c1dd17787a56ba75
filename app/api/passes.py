"""Passes of cameras as they happen, for clients that listen and come back."""

import asyncio
import threading
import uuid
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

PING_S = 15.0
"""Silence after which clients, and what is between, hear that the stream is there."""
_BATCH = 100


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """`id` says where a client goes on that comes back; `data` is JSON."""

    id: str
    kind: str
    camera: str
    data: str


class PassStream:
    """The newest events, in memory, and whoever follows them.

    Nobody has a queue: a client has a place among the events kept, so that a slow one costs
    nothing, and hears how many it has missed. Publishing is thread-safe, following is for one
    event loop.
    """

    def __init__(self, kept: int) -> None:
        self._run = uuid.uuid4().hex[:8]
        self._events: deque[StreamEvent] = deque(maxlen=kept)
        self._number = 0
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._closed = False

    def publish(self, kind: str, camera: str, data: str) -> None:
        with self._lock:
            self._number += 1
            self._events.append(StreamEvent(f"{self._run}-{self._number}", kind, camera, data))
        self._wake()

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        self._wake()

    async def follow(self, last_id: str | None) -> AsyncGenerator[StreamEvent | int | None, None]:
        """Events as they come, those after `last_id` first; without it, new ones alone.

        A number says how many events are lost to this client; None that it is still there. After
        an id of another run of the service all events that are kept come.
        """
        changed = asyncio.Event()
        entry = asyncio.get_running_loop(), changed
        with self._lock:
            place = self._place(last_id)
            self._waiting.add(entry)
        try:
            while not self._closed:
                changed.clear()
                missed, events = self._after(place)
                if missed:
                    yield missed
                for event in events:
                    yield event
                place += missed + len(events)
                if events:
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), PING_S)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._waiting.discard(entry)

    def _place(self, last_id: str | None) -> int:
        """Number of the last event that a client has."""
        if last_id is None:
            return self._number
        run, _, number = last_id.rpartition("-")
        if run == self._run and number.isascii() and number.isdigit():
            return min(int(number), self._number)
        return self._number - len(self._events)

    def _after(self, place: int) -> tuple[int, list[StreamEvent]]:
        """How many after that place are gone, and some of those that are there."""
        with self._lock:
            first = self._number - len(self._events)
            missed = max(0, first - place)
            begin = place + missed - first
            return missed, [
                self._events[index]
                for index in range(begin, min(begin + _BATCH, len(self._events)))
            ]

    def _wake(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for loop, changed in waiting:
            loop.call_soon_threadsafe(changed.set)

"""What one connection may take of the server before, between and after its requests.

uvicorn times the pause between two requests and nothing else: a client that sends its head a byte
at a time, or does not read its answer, would keep a connection for good, and one that never ends
its head, or sends thousands of requests ahead of the answers, the memory for it. Nobody needs a key
to do so.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 1 << 16
MAX_PIPELINED = 16
"""Requests that may wait for the answer to the one before them."""


def _answer(status: str, detail: str, code: str, *headers: str) -> bytes:
    """A whole answer, in the form of all errors, to what never becomes a request."""
    body = json.dumps({"detail": detail, "code": code}, separators=(",", ":"))
    lines = [
        f"HTTP/1.1 {status}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", body]).encode("ascii")


_FULL = _answer(
    "503 Service Unavailable",
    "Too many connections are open; try again.",
    "overloaded",
    "retry-after: 1",
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Seconds, but for `connections`, which counts those open in one process."""

    connections: int
    head_timeout: float
    send_timeout: float


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a time for each head, for each unread answer, and a count."""

    def __init__(self, *arguments: Any, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._served: RequestResponseCycle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        excess = len(self.connections) - self._limits.connections
        if excess > 0:
            if excess == 1:  # not once for each of a flood
                self.logger.warning("the limit of %d connections is reached", len(self.connections))
            transport.write(_FULL)
            self._close()
        else:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")
        elif self.cycle is not None and self.cycle.response_complete:
            self._expect_head()  # the next request has begun, which ended the keep-alive timer

    def on_headers_complete(self) -> None:
        self._head_received()
        super().on_headers_complete()
        if len(self.pipeline) > MAX_PIPELINED:
            self.pipeline.clear()
            self.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_reading()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_answer("400 Bad Request", msg, "invalid_http"))
        self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._answer_read()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_received()
        if self._served is not None and self._served is not self.cycle:
            # With requests waiting behind it, uvicorn would not tell it.
            self._served.disconnected = True
            self._served.message_event.set()
        super().connection_lost(exc)
        self._answer_read()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self._limits.head_timeout, self._close)

    def _head_received(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close(self) -> None:
        """Close once what was written has been read, which has its time, too."""
        self._head_received()
        self.transport.close()
        self._expect_reading()

    def _expect_reading(self) -> None:
        if self._send_timer is None:
            self._unsent = self.transport.get_write_buffer_size()
            self._send_timer = self.loop.call_later(self._limits.send_timeout, self._look_at_unsent)

    def _answer_read(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _look_at_unsent(self) -> None:
        """A slow reader gets more time, one that does not read is cut off."""
        self._send_timer = None
        if 0 < self.transport.get_write_buffer_size() < self._unsent:
            self._expect_reading()
        else:
            self.transport.abort()

"""Cameras for tests, which do what real ones do, faults included, and what comes of them."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.errors import AlprError
from app.fetch import UrlFetcher
from app.video.sources.address import parse_source
from app.video.sources.live import Patience, State
from app.video.sources.opening import LiveOptions, open_live
from app.video.types import Silence, VideoFrame
from tests.pictures import encode
from tests.servers import SocketServer, eventually, http_answer, read_request
from tests.video.clips import grey_frames

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def greys(count: int = 50) -> list[bytes]:
    return [encode(frame, ".jpg") for frame in grey_frames(count)]


def part(jpeg: bytes) -> bytes:
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


class MjpegCamera:
    """Sends pictures over and over, at a rate, to whoever connects.

    `hold` makes it say nothing more, also to new connections; `cut` closes all connections.
    """

    def __init__(self, pictures: Sequence[bytes], *, fps: float = 25.0) -> None:
        self._pictures, self._fps = pictures, fps
        self._held = threading.Event()
        self._stopped = threading.Event()
        self._open: list[socket.socket] = []
        self.requests: list[bytes] = []
        self._server = SocketServer(self._answer)
        self.url = f"{self._server.url}/video"

    @property
    def connections(self) -> int:
        return self._server.connections

    def __enter__(self) -> "MjpegCamera":
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self.release()
        self.cut()
        self._server.__exit__(None, None, None)

    def hold(self) -> None:
        self._held.set()

    def release(self) -> None:
        self._held.clear()

    def cut(self) -> None:
        for connection in self._open:
            with_no_answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        self._open.append(connection)
        self.requests.append(read_request(connection))
        sent_head = False
        begun, number = time.monotonic(), 0
        while not self._stopped.is_set():
            if self._held.is_set():
                self._stopped.wait(0.02)
                continue
            if not sent_head:
                connection.sendall(HEAD)
                sent_head = True
            connection.sendall(part(self._pictures[number % len(self._pictures)]))
            number += 1
            late = begun + number / self._fps - time.monotonic()
            if late > 0:
                self._stopped.wait(late)


def with_no_answer(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already


@contextmanager
def snapshots(pictures: Sequence[bytes]) -> Iterator[SocketServer]:
    """A camera that answers each request with its next picture."""
    taken = iter(range(1 << 30))

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        picture = pictures[next(taken) % len(pictures)]
        connection.sendall(http_answer(picture, "Content-Type: image/jpeg"))

    with SocketServer(answer) as server:
        yield server


QUICK = Patience(open_s=30.0, read_s=30.0, first_s=0.01, longest_s=0.02)
IMPATIENT = Patience(open_s=1.0, read_s=1.0, first_s=0.01, longest_s=0.02)
BOUND_S = 60.0
"""Only bounds a failure."""


class Watched:
    """What a source gives, taken on a thread of its own."""

    def __init__(self, url: str, *, fps: float = 10.0, patience: Patience = QUICK) -> None:
        self.frames: list[VideoFrame] = []
        self.silences = 0
        self.told: list[tuple[State, AlprError | None]] = []
        fetcher = UrlFetcher(
            private_hosts=frozenset({"127.0.0.1"}), max_bytes=200_000, max_redirects=1, timeout=30
        )
        self.source = open_live(
            parse_source(url),
            LiveOptions(fps=fps, max_pixels=1_000_000, fetcher=fetcher, patience=patience),
            tell=lambda state, error: self.told.append((state, error)),
        )
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        for frame in self.source:
            if isinstance(frame, Silence):
                self.silences += 1
            else:
                self.frames.append(frame)

    def has(self, count: int) -> bool:
        return eventually(lambda: len(self.frames) >= count, BOUND_S)

    def more(self, count: int = 2) -> bool:
        return self.has(len(self.frames) + count)

    def reconnects_after(self, fault: Callable[[], None]) -> bool:
        before = self.source.reconnects
        fault()
        return eventually(lambda: self.source.reconnects > before, BOUND_S)

    def lost(self, text: str = "") -> bool:
        return eventually(
            lambda: any(error and text in str(error) for _, error in self.told), BOUND_S
        )

    def close(self) -> None:
        self.source.close()
        self._thread.join(BOUND_S)
        assert not self._thread.is_alive()
        assert self.told[-1] == ("ended", None)


def assert_in_order(watched: Watched) -> None:
    times = [frame.at_s for frame in watched.frames]
    assert all(one < other for one, other in itertools.pairwise(times))

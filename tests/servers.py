"""Real servers: the service in a process of its own, and small ones to fetch from."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

REPOSITORY = Path(__file__).resolve().parents[1]
START_SECONDS = 180
ENDLESS = frozenset({"/passes/stream"})
"""Paths whose answers have no end: who waits for it waits for ever."""


def eventually(condition: Callable[[], bool], seconds: float = 120) -> bool:
    """Wait for a condition; the time only bounds a failure."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


class Server:
    """`python -m app serve` on a port of its own, ready when entered, ended when left.

    The socket is bound here and handed over, so that nobody else can get its port meanwhile.

    Args:
        send_buffer: bytes that the system keeps for a client that does not read; by default many.
        command: another command that starts the service; `{fd}` in it is the socket.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *arguments: str,
        send_buffer: int | None = None,
        command: Sequence[str] = ("app", "serve", "--fd", "{fd}"),
    ) -> None:
        self._socket = socket.socket()
        if send_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, **environment}
        self._arguments = arguments
        self._command = [word.format(fd=self._socket.fileno()) for word in command]
        self._output = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Self:
        with self._socket:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._command, *self._arguments],
                cwd=REPOSITORY,
                env=self._environment,
                pass_fds=[self._socket.fileno()],
                stdout=self._output,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.process.kill()
                self.process.wait()
                said = self.output()
                self._output.close()
                raise AssertionError(f"the server did not start:\n{said}")
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.terminate()
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self._output.close()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def output(self) -> str:
        """What it has printed and logged so far.

        Server and tests share one offset in the file, so it is read without moving that.
        """
        file = self._output.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def connect(self, timeout: float = 120) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=120).status_code == 200
        except requests.ConnectionError:
            return False


class SocketServer:
    """Answers every connection with a function of its socket, and counts them."""

    def __init__(self, answer: Callable[[socket.socket], None], host: str = "127.0.0.1") -> None:
        self.connections = 0
        self._answer = answer
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._answer(connection)
        except OSError:
            return  # the other side went away


def read_request(connection: socket.socket) -> bytes:
    """The head of a request."""
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(4096)
        if not chunk:
            break
        head += chunk
    return head


def http_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

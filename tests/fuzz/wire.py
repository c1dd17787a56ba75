"""Requests as bytes: no client library stands between what is meant and what is sent."""

import socket
import time
from contextlib import suppress
from dataclasses import dataclass

ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Request:
    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def encode(self) -> bytes:
        names = {name.lower() for name, _ in self.headers}
        lines = [b"%s %s HTTP/1.1" % (self.method, self.target)]
        lines += [b"%s: %s" % header for header in self.headers]
        if b"host" not in names:
            lines.append(b"Host: fuzz")
        if not names & {b"content-length", b"transfer-encoding"}:
            lines.append(b"Content-Length: %d" % len(self.body))
        lines.append(b"Connection: close")
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body

    def __str__(self) -> str:
        return f"{self.encode()[:600]!r} ({len(self.body)} bytes of body)"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str | None
    seconds: float


def exchange(port: int, request: Request) -> Answer | None:
    """The answer; None where the server closed without one, as it may on what is no HTTP."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        head = b""
        # Refused while it is being sent: the answer may be there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request.encode())
        with suppress(ConnectionResetError):
            while b"\r\n\r\n" not in head and (chunk := connection.recv(1 << 16)):
                head += chunk
            while connection.recv(1 << 20):
                pass
    if not head.startswith(b"HTTP/1.1 "):
        return None
    fields = dict(
        line.decode("latin-1").lower().split(": ", 1)
        for line in head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        if b": " in line
    )
    return Answer(int(head.split()[1]), fields.get("retry-after"), time.monotonic() - start)

"""Connections that give nothing, take nothing or never end, most of them without a key."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.api.answers import assert_error
from tests.api.exposition import Samples
from tests.api.transport.slow_clients import OPENING, UPLOAD, leave_unread
from tests.servers import Server, eventually

KEY = "key-of-the-connections"
CONNECTIONS = 12
PATIENCE = 60
"""Seconds, far above every limit of the server: a connection that outlives them is never ended."""


@pytest.fixture(scope="module")
def strict(light_environment: dict[str, str]) -> Iterator[Server]:
    """With a key, short times and few connections."""
    limits = {
        "ALPR_API_KEYS": KEY,
        "ALPR_HEAD_TIMEOUT": "0.5",
        "ALPR_SEND_TIMEOUT": "0.5",
        "ALPR_UPLOAD_TIMEOUT": "3",
        "ALPR_MAX_IN_FLIGHT": "1",
        "ALPR_MAX_CONNECTIONS": str(CONNECTIONS),
    }
    with Server(light_environment | limits, send_buffer=4096) as server:
        yield server


def drip(connection: socket.socket, piece: bytes) -> bytes:
    """Send a piece every now and then until the server hangs up; what it has answered."""
    answer, give_up = b"", time.monotonic() + PATIENCE
    connection.settimeout(0.1)
    with suppress(ConnectionError):
        while time.monotonic() < give_up:
            connection.sendall(piece)
            with suppress(TimeoutError):
                chunk = connection.recv(1 << 16)
                if not chunk:
                    return answer
                answer += chunk
    assert time.monotonic() < give_up, "the server keeps the connection"
    return answer


def read_answer(connection: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    head, _, body = answer.partition(b"\r\n\r\n")
    (length,) = (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == b"content-length:")
    while len(body) < length:
        body += connection.recv(4096)
    return head


@pytest.mark.parametrize("piece", [b"", b"G", b"X-Filler: a\r\n", b"\r\n"])
def test_a_head_that_never_ends(strict: Server, piece: bytes) -> None:
    with strict.connect() as connection:
        if piece not in (b"", b"\r\n"):
            connection.sendall(b"GET /health HTTP/1.1\r\n")
        assert drip(connection, piece) in (b"", b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("piece", [b"G", b"\r\n"])
def test_a_second_head_that_never_ends(strict: Server, piece: bytes) -> None:
    with strict.connect() as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 " in read_answer(connection)
        drip(connection, piece)


def test_a_head_without_measure(strict: Server) -> None:
    with strict.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n")
        filler = b"X-Filler: " + b"a" * 1000 + b"\r\n"
        sent = 0
        with suppress(ConnectionError):
            while sent < 50_000_000:
                connection.sendall(filler)
                sent += len(filler)
        assert sent < 50_000_000


def test_a_body_that_is_dripped_after_the_answer(strict: Server) -> None:
    key = b"X-API-Key: %s\r\n" % KEY.encode()
    early = [
        (UPLOAD, b" 401 "),
        (UPLOAD.replace(b"Content-Length: 900000", b"Transfer-Encoding: chunked"), b" 401 "),
        (UPLOAD.replace(b"/predict/file", b"/nothing"), b" 404 "),
        (UPLOAD.replace(b"POST", b"DELETE"), b" 405 "),
        (UPLOAD.replace(b"900000", b"999999999"), b" 401 "),
        (UPLOAD.replace(b"900000", b"999999999") + key, b" 413 "),
        (UPLOAD.replace(b"multipart", b"unknown") + key, b" 415 "),
    ]

    def answer_to(request_head: bytes) -> bytes:
        with strict.connect() as connection:
            connection.sendall(request_head + b"\r\n")
            return drip(connection, b"1\r\na\r\n")

    with ThreadPoolExecutor(len(early)) as clients:
        answers = list(clients.map(answer_to, (request_head for request_head, _ in early)))
    for (_, status), answer in zip(early, answers, strict=True):
        assert status in answer.split(b"\r\n")[0]
        assert b"\r\nconnection: close\r\n" in answer
        assert answer.count(b"HTTP/1.1") == 1


def test_a_long_body_does_not_cost_the_answer(strict: Server) -> None:
    """The client reads only once it has sent everything, more than buffers hold."""
    answer = requests.post(
        f"{strict.url}/predict/file", files={"file": bytes(15_000_000)}, timeout=PATIENCE
    )
    assert_error(answer, 401, "unauthorized")


def test_an_answer_that_is_not_read(strict: Server) -> None:
    """What the system's own buffers do not take is not kept for good."""

    def is_held_at_first() -> bool:
        with strict.connect() as connection:
            return _is_held(strict, connection.getsockname()[1])

    assert eventually(is_held_at_first)  # else the wait below would say nothing
    with leave_unread(strict) as connection:
        port = connection.getsockname()[1]
        assert eventually(lambda: not _is_held(strict, port))


def _is_held(server: Server, client_port: int) -> bool:
    """Whether the server's process has its end of that client's connection open."""
    ends = f":{server.port:04X}", f":{client_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, inode = (line.split()[column] for column in (1, 2, 9))
        if (local[-5:], remote[-5:]) == ends:
            return f"socket:[{inode}]" in _open_files(server.process.pid)
    return False


def _open_files(process: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(file.readlink()))
    return found


def test_thousands_of_requests_ahead_of_their_answers(strict: Server) -> None:
    with strict.connect() as connection:
        sent = 0
        with suppress(ConnectionError):
            while sent < 1000:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
                sent += 1
        assert sent < 1000
    assert "Traceback" not in strict.output()


def test_more_connections_than_allowed(strict: Server) -> None:
    def answer_to_one_more() -> bytes:
        with ExitStack() as stack:
            # Each is asked for something, so that it is not closed for its silence at once.
            for _ in range(CONNECTIONS):
                connection = stack.enter_context(strict.connect())
                connection.sendall(UPLOAD + b"X-API-Key: %s\r\n\r\n" % KEY.encode() + OPENING)
            with strict.connect() as excess:
                return drip(excess, b"")

    # Where this process is held up, the first are given up before the last have come.
    attempts = (answer_to_one_more() for _ in range(20))
    answer = next((each for each in attempts if each), b"")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1\r\n" in answer
    assert answer.endswith(b'"code":"overloaded"}')
    assert eventually(lambda: requests.get(f"{strict.url}/health", timeout=120).status_code == 200)


def test_uploads_that_stall_hold_up_nobody(strict: Server, car_jpeg: bytes) -> None:
    def samples() -> Samples:
        return Samples(requests.get(f"{strict.url}/metrics", timeout=120).text)

    def received() -> float:
        return samples().value("alpr_budget_in_use", budget="body_bytes")

    with ExitStack() as stack:
        for _ in range(4):  # the limit on pictures is 1
            connection = stack.enter_context(strict.connect())
            connection.sendall(UPLOAD + b"X-API-Key: %s\r\n\r\n" % KEY.encode() + OPENING)
        assert eventually(lambda: received() == 4 * len(OPENING))
        answer = requests.post(
            f"{strict.url}/predict/file",
            files={"file": car_jpeg},
            headers={"X-API-Key": KEY},
            timeout=PATIENCE,
        )
        assert answer.json()["plate"] == "ABC123"
        assert samples().value("alpr_budget_in_use", budget="pictures") == 0
    assert eventually(lambda: received() == 0)


def test_a_connection_is_kept_for_further_requests(strict: Server, car_jpeg: bytes) -> None:
    part = OPENING + car_jpeg + b"\r\n--x--\r\n"
    head = UPLOAD.replace(b"900000", b"%d" % len(part)) + b"X-API-Key: %s\r\n\r\n" % KEY.encode()
    with strict.connect() as connection:
        for _ in range(3):
            connection.sendall(head + part)
            answer = read_answer(connection)
            assert b" 200 " in answer
            assert b"connection: close" not in answer

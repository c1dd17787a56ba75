"""The load generator measures what a server does."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.lab.benchmark.load import connected, drive, send, upload_request

PICTURE = b"\xff\xd8 not really a picture \xff\xd9"
SERVICE_SECONDS = 0.02


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append(body)
        time.sleep(SERVICE_SECONDS)
        self._answer(200 if self.headers["X-API-Key"] == "good" else 401)

    def do_GET(self) -> None:
        self._answer(200)

    def _answer(self, status: int) -> None:
        body = b"x" * 70_000  # longer than one read
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def port() -> Iterator[int]:
    _Handler.received = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_upload_is_one_well_formed_file(port: int) -> None:
    connection = connected(port)
    request = upload_request(PICTURE, "good")
    assert [send(connection, request) for _ in range(3)] == [200, 200, 200]
    connection.close()
    assert len(_Handler.received) == 3
    assert all(body.count(PICTURE) == 1 and b'name="file"' in body for body in _Handler.received)


def test_load_counts_requests_latencies_and_failures(port: int) -> None:
    good = drive(port, [upload_request(PICTURE, "good")], clients=3, seconds=0.5)
    assert good.failed == 0
    assert good.p50_ms >= SERVICE_SECONDS * 1e3
    assert 1 <= good.requests <= 3 * (0.5 / SERVICE_SECONDS + 1)
    # The last requests end after the time is up, on a busy machine long after.
    assert 0 < good.requests_per_second <= good.requests / 0.5
    refused = drive(port, [upload_request(PICTURE, "bad")], clients=1, seconds=0.5)
    assert (refused.requests, refused.failed > 0) == (0, True)

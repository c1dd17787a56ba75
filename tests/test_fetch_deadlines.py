"""Pictures by URL: everything ends in time, and nothing stays open."""

import asyncio
import gc
import logging
import socket
import threading
import time

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from app.errors import UrlUnreachable
from tests.fetching import BODY, PATIENCE, Answer, answering, fetch, fetcher
from tests.servers import SocketServer, http_answer, read_request


def _dripping(before: bytes, drop: bytes) -> Answer:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(before)
        while True:
            connection.sendall(drop)
            time.sleep(0.05)

    return serve


def _silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _handshake_without_end(connection: socket.socket) -> None:
    connection.recv(4096)
    while True:  # a record that is never complete
        connection.sendall(b"\x16\x03\x03\x40\x00"[:1])
        time.sleep(0.05)


def _redirecting(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(0.2)
    connection.sendall(http_answer(b"", "Location: /again", status="302 Found"))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_silent, id="nothing"),
        pytest.param(_dripping(b"HTTP/1.1 200 OK\r\n", b"A"), id="header"),
        pytest.param(_dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"A"), id="body of unknown length"),
        pytest.param(
            _dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"A"), id="body"
        ),
        pytest.param(
            _dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nA\r\n"),
            id="chunks",
        ),
        pytest.param(_dripping(b"HTTP/1.1 401 U\r\n", b"A"), id="challenge"),
        pytest.param(_redirecting, id="redirects"),
    ],
)
def test_one_deadline_for_everything(answer: Answer) -> None:
    """None of these ends by itself, so that it ends at all is the deadline's doing."""
    with SocketServer(answer) as camera, pytest.raises(UrlUnreachable, match="in time"):
        fetch(f"{camera.url}/", "127.0.0.1", timeout=0.5, max_redirects=10**6)


def test_a_deadline_for_handshakes() -> None:
    with SocketServer(_handshake_without_end) as camera:
        with pytest.raises(UrlUnreachable):
            fetch(f"https://127.0.0.1:{camera.port}/", "127.0.0.1", timeout=0.5)
        with pytest.raises(UrlUnreachable, match="in time"), SocketServer(_silent) as silent:
            fetch(f"https://127.0.0.1:{silent.port}/", "127.0.0.1", timeout=0.5)


def test_names_that_are_never_answered_hold_nobody_up() -> None:
    """More of them than a pool has threads; the loop could not end while one of its own waits."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as name_server:
        name_server.bind(("127.0.0.1", 0))
        servers = [f"127.0.0.1:{name_server.getsockname()[1]}"]

        def resolver() -> AbstractResolver:
            return aiohttp.AsyncResolver(nameservers=servers, timeout=PATIENCE, tries=1)

        async def fetch_all(camera: str) -> list[bytes | BaseException]:
            stuck = fetcher(resolver=resolver, timeout=1.0)
            late = [asyncio.create_task(stuck.fetch(f"http://n{n}.example/")) for n in range(100)]
            await asyncio.to_thread(name_server.recv, 512)
            assert await fetcher("127.0.0.1", resolver=resolver).fetch(camera) == BODY
            return await asyncio.gather(*late, return_exceptions=True)

        with SocketServer(answering(http_answer(BODY))) as camera:
            job = asyncio.wait_for(fetch_all(f"{camera.url}/"), PATIENCE)
            outcomes = asyncio.run(job)
    assert {type(outcome) for outcome in outcomes} == {UrlUnreachable}
    assert {str(outcome) for outcome in outcomes} == {"The URL did not answer in time."}


def test_a_fetch_that_is_given_up_lets_go_of_the_camera() -> None:
    gone = threading.Event()

    def serve(connection: socket.socket) -> None:
        _silent(connection)
        gone.set()

    async def give_up(url: str) -> None:
        job = asyncio.create_task(fetcher("127.0.0.1").fetch(url))
        while not camera.connections:
            await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    with SocketServer(serve) as camera:
        asyncio.run(asyncio.wait_for(give_up(f"{camera.url}/"), PATIENCE))
        assert gone.wait(PATIENCE)


def test_nothing_stays_open(caplog: pytest.LogCaptureFixture) -> None:
    """ResourceWarnings are errors in this suite; this makes them show up here."""
    closed = threading.Semaphore(0)

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
        _silent(connection)
        closed.release()

    with SocketServer(serve) as camera:
        for _ in range(5):
            assert fetch(f"{camera.url}/", "127.0.0.1") == BODY
        assert all(closed.acquire(timeout=PATIENCE) for _ in range(5))
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

"""Pictures by URL: what is refused without a connection, and what servers may do."""

import asyncio
import gc
import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from app.errors import FetchError, RequestTooLarge, UrlNotAllowed, UrlUnreachable
from app.fetch import UrlFetcher
from tests.names import Names, TableResolver
from tests.servers import SocketServer, http_answer, read_request
from tests.urls import PUBLIC_ADDRESS, hostile_urls

BODY = b"a picture" * 1000
CERTIFICATES = ssl.create_default_context()
PATIENCE = 60
"""Seconds after which a fetch counts as one that never ends."""

Answer = Callable[[socket.socket], None]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that anything tries to connect to; none is let through but this machine."""
    tried: list[Any] = []
    connect = socket.socket.connect

    def spy(self: socket.socket, address: Any) -> None:
        tried.append(address)
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", spy)
    return tried


@pytest.fixture
def trap() -> Iterator[SocketServer]:
    """What must not be reached."""
    with SocketServer(_answering(http_answer(b"secret"))) as server:
        yield server


def _answering(answer: bytes) -> Answer:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    return serve


def fetch(url: str, *private: str, names: Names | None = None, **changes: Any) -> bytes:
    """Fetch on a loop of its own, from a network with only these names."""
    job = fetcher(*private, names=names, **changes).fetch(url)
    return asyncio.run(asyncio.wait_for(job, PATIENCE))


def fetcher(*private: str, names: Names | None = None, **changes: Any) -> UrlFetcher:
    options: dict[str, Any] = {
        "max_bytes": 100_000,
        "max_redirects": 3,
        "timeout": PATIENCE / 2,
        "resolver": lambda: TableResolver(names or {}),
        "certificates": CERTIFICATES,
    }
    return UrlFetcher(private_hosts=frozenset(private), **options | changes)


def test_hostile_urls_are_refused_without_a_connection(
    trap: SocketServer, connections: list[Any]
) -> None:
    names = {"public.example": [PUBLIC_ADDRESS]}
    urls = hostile_urls(trap.port)
    assert len(urls) == len(set(urls)) >= 150
    for url in urls:
        with pytest.raises(UrlNotAllowed):
            fetch(url, names=names)
        assert connections == [], url
    assert trap.connections == 0


def test_refused_and_unresolvable_look_the_same(trap: SocketServer) -> None:
    names = {"inside.example": ["10.1.2.3"]}
    messages = set()
    for host in ("inside.example", "nowhere.example", "127.0.0.1", "[::1]", "a" * 70 + ".example"):
        with pytest.raises(UrlNotAllowed) as refusal:
            fetch(f"http://{host}:{trap.port}/resolve", names=names)
        messages.add(str(refusal.value))
    assert len(messages) == 1


def test_a_public_address_is_connected_to(connections: list[Any]) -> None:
    for host in (PUBLIC_ADDRESS, "public.example"):
        with pytest.raises(UrlUnreachable):  # connections are refused here
            fetch(f"http://{host}/resolve.jpg", names={"public.example": [PUBLIC_ADDRESS]})
    assert set(connections) == {(PUBLIC_ADDRESS, 80)}


def test_a_name_that_changes_its_address_gains_nothing(
    trap: SocketServer, connections: list[Any]
) -> None:
    names = {"rebinding.example": [PUBLIC_ADDRESS, "127.0.0.1"]}
    with pytest.raises(UrlUnreachable):
        fetch(f"http://rebinding.example:{trap.port}/", names=names)
    assert set(connections) == {(PUBLIC_ADDRESS, trap.port)}
    assert trap.connections == 0


def test_a_name_is_looked_up_again_for_each_redirect(
    trap: SocketServer, connections: list[Any]
) -> None:
    names = {"camera.lan": ["127.0.0.1"], "rebinding.example": ["127.0.0.1"]}
    moved = http_answer(b"", "Location: http://rebinding.example/", status="302 Found")
    with SocketServer(_answering(moved)) as camera:
        with pytest.raises(UrlNotAllowed):
            fetch(f"http://camera.lan:{camera.port}/", "camera.lan", names=names)
        assert connections == [("127.0.0.1", camera.port)]


def test_every_address_of_a_name_that_is_used_is_checked(connections: list[Any]) -> None:
    for address in ("10.0.0.1", "169.254.169.254", "fe80::1", "fec0::1", "224.0.0.1"):
        with pytest.raises(UrlNotAllowed):
            fetch("http://other.example/", names={"other.example": [address]})
    assert connections == []


def test_named_private_hosts_may_be_fetched_from() -> None:
    names = {"camera.lan": ["127.0.0.1"]}
    with SocketServer(_answering(http_answer(BODY))) as camera:
        for host in ("127.0.0.1", "camera.lan", "CAMERA.lan"):
            url = f"http://{host}:{camera.port}/shot.jpg?a=b"
            assert fetch(url, "camera.lan", "127.0.0.1", names=names) == BODY
        with pytest.raises(UrlNotAllowed):
            fetch(f"http://127.0.0.1:{camera.port}/", "camera.lan", names=names)
        with pytest.raises(UrlNotAllowed):
            fetch(f"http://camera.lan:{camera.port}/", "lan", names=names)


def test_the_environment_names_no_proxy(
    trap: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, trap.url)
    with SocketServer(_answering(http_answer(BODY))) as camera:
        assert fetch(f"{camera.url}/", "127.0.0.1") == BODY
    assert trap.connections == 0


def test_a_request_tells_nothing_but_what_it_must() -> None:
    heads: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heads.append(read_request(connection))
        connection.sendall(http_answer(BODY))

    with SocketServer(serve) as camera:
        fetch(f"{camera.url}/a.jpg", "127.0.0.1")
    names = {line.split(b":")[0].lower() for line in heads[0].split(b"\r\n")[1:] if line}
    assert names == {b"host", b"user-agent", b"accept-encoding", b"accept", b"connection"}


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 T", "308 P"])
def test_redirects_are_followed(status: str) -> None:
    def serve(connection: socket.socket) -> None:
        path = read_request(connection).split()[1]
        moved = http_answer(b"", "Location: /there?x=1", status=status)
        connection.sendall(http_answer(BODY) if path == b"/there?x=1" else moved)

    with SocketServer(serve) as camera:
        assert fetch(f"{camera.url}/here", "127.0.0.1") == BODY


@pytest.mark.parametrize(
    "location",
    [
        *("http://127.0.0.2:{port}/", "//127.0.0.2:{port}/", "http://localhost:{port}/"),
        *("http://[::1]:{port}/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"),
        *("ftp://127.0.0.1/", "gopher://127.0.0.1:{port}/_x", "http://[bad", "http://[[::1]]/"),
        *("http://2130706434:{port}/", "javascript:alert(1)", "http://", "http://\x00/", "data:,x"),
        *("http://10.0.0.1/", "http://a@127.0.0.2:{port}/", "http://" + "a" * 300 + "/"),
    ],
)
def test_redirects_out_of_the_allowed_are_refused(location: str, trap: SocketServer) -> None:
    target = location.format(port=trap.port)
    moved = http_answer(b"", f"Location: {target}", status="302 Found")
    with SocketServer(_answering(moved)) as camera, pytest.raises(FetchError):
        fetch(f"{camera.url}/", "127.0.0.1")
    assert trap.connections == 0


def test_redirects_are_limited() -> None:
    moved = http_answer(b"", "Location: /again", status="302 Found")
    with SocketServer(_answering(moved)) as camera:
        with pytest.raises(UrlUnreachable, match="more than 2 times"):
            fetch(f"{camera.url}/", "127.0.0.1", max_redirects=2)
        assert camera.connections == 3


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http_answer(BODY, status="404 Not Found"), id="not found"),
        pytest.param(http_answer(BODY, status="500 Server Error"), id="server error"),
        pytest.param(http_answer(BODY, status="204 No Content"), id="no content"),
        pytest.param(http_answer(BODY, status="302 Found"), id="redirect to nowhere"),
        pytest.param(http_answer(BODY)[:-1], id="one byte short"),
        pytest.param(http_answer(BODY)[:200], id="broken off"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="no http"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n" + b"A" * 70_000, id="long header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500, id="many headers"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", id="bad chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="cut chunk"
        ),
    ],
)
def test_bad_answers(answer: bytes) -> None:
    with SocketServer(_answering(answer)) as camera, pytest.raises(UrlUnreachable):
        fetch(f"{camera.url}/", "127.0.0.1")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + BODY, id="until the connection closes"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%s\r\n" % (900, BODY[i : i + 900]) for i in range(0, 9000, 900))
            + b"0\r\n\r\n",
            id="chunked",
        ),
        pytest.param(http_answer(BODY, "Content-Type: text/html"), id="wrong content type"),
    ],
)
def test_good_answers(answer: bytes) -> None:
    with SocketServer(_answering(answer)) as camera:
        assert fetch(f"{camera.url}/", "127.0.0.1") == BODY


@pytest.mark.parametrize("announced", [True, False])
def test_bytes_are_counted_while_they_come(announced: bool) -> None:
    sent = 0

    def serve(connection: socket.socket) -> None:
        nonlocal sent
        read_request(connection)
        length = b"Content-Length: 1000000000\r\n" if announced else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while sent < 100_000_000:
            connection.sendall(bytes(100_000))
            sent += 100_000

    with SocketServer(serve) as camera, pytest.raises(RequestTooLarge):
        fetch(f"{camera.url}/", "127.0.0.1")
    assert sent < 20_000_000  # what fits into the buffers of both sides


def test_compressed_answers_do_not_grow() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    answer = http_answer(bomb, "Content-Encoding: gzip")
    with SocketServer(_answering(answer)) as camera:
        assert fetch(f"{camera.url}/", "127.0.0.1") == bomb


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

        with SocketServer(_answering(http_answer(BODY))) as camera:
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

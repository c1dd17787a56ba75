"""Pictures by URL: what is refused without a connection, and what servers may do."""

import gzip
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from app.errors import FetchError, RequestTooLarge, UrlNotAllowed, UrlUnreachable
from tests.fetching import BODY, answering, fetch
from tests.servers import SocketServer, http_answer, read_request
from tests.urls import PUBLIC_ADDRESS, hostile_urls


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
    with SocketServer(answering(http_answer(b"secret"))) as server:
        yield server


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
    with SocketServer(answering(moved)) as camera:
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
    with SocketServer(answering(http_answer(BODY))) as camera:
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
    with SocketServer(answering(http_answer(BODY))) as camera:
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
    with SocketServer(answering(moved)) as camera, pytest.raises(FetchError):
        fetch(f"{camera.url}/", "127.0.0.1")
    assert trap.connections == 0


def test_redirects_are_limited() -> None:
    moved = http_answer(b"", "Location: /again", status="302 Found")
    with SocketServer(answering(moved)) as camera:
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
    with SocketServer(answering(answer)) as camera, pytest.raises(UrlUnreachable):
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
    with SocketServer(answering(answer)) as camera:
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
    with SocketServer(answering(answer)) as camera:
        assert fetch(f"{camera.url}/", "127.0.0.1") == bomb

"""Cameras with a password: who is given it, and who is not."""

import asyncio
import hashlib
import logging
import re
import socket
from base64 import b64encode
from collections.abc import Callable

import pytest

from app.errors import UrlNotAllowed, UrlUnreachable
from app.fetch import UrlFetcher
from tests.names import TableResolver
from tests.servers import SocketServer, http_answer, read_request

BODY = b"a picture" * 1000
USER, PASSWORD = "oper ator", "p@ss:wörd"
USERINFO = "oper%20ator:p%40ss%3Aw%C3%B6rd"
BASIC = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
DIGEST_OFFER = 'Digest realm="camera", nonce="n0nce", qop="auth", algorithm={}, opaque="o"'


def fetch(url: str, *private: str) -> bytes:
    names = {"camera.lan": ["127.0.0.1"], "other.lan": ["127.0.0.1"]}
    fetcher = UrlFetcher(
        private_hosts=frozenset(private),
        max_bytes=100_000,
        max_redirects=3,
        timeout=30.0,
        resolver=lambda: TableResolver(names),
    )
    return asyncio.run(fetcher.fetch(url))


class Camera(SocketServer):
    """Asks for a login with its offers, and keeps what it was sent; `paths` answers redirect."""

    def __init__(self, *offers: str, right: Callable[[str], bool] = lambda sent: False) -> None:
        self.sent: list[str | None] = []
        self.redirects: dict[str, str] = {}
        self._offers = [f"WWW-Authenticate: {offer}" for offer in offers]
        self._right = right
        super().__init__(self._respond)

    def _respond(self, connection: socket.socket) -> None:
        head = read_request(connection).decode()
        found = re.search(r"^authorization: (.*)\r$", head, re.IGNORECASE | re.MULTILINE)
        sent = found[1] if found else None
        self.sent.append(sent)
        target = self.redirects.get(head.split()[1])
        if target is not None:
            answer = http_answer(b"", f"Location: {target}", status="302 Found")
        elif not self._offers or (sent is not None and self._right(sent)):
            answer = http_answer(BODY)
        else:
            answer = http_answer(b"who?", *self._offers, status="401 Unauthorized")
        connection.sendall(answer)


def is_right_digest(sent: str, path: str = "/shot.jpg?a=b", algorithm: str = "MD5") -> bool:
    """The computation of RFC 7616, section 3.4.1, on the server's side."""

    def digest(text: str) -> str:
        name = algorithm.removesuffix("-sess").replace("-", "").lower()
        return hashlib.new(name, text.encode()).hexdigest()

    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', sent.removeprefix("Digest ")))
    middle = ":".join(fields[name] for name in ("nonce", "nc", "cnonce", "qop"))
    secret = digest(f"{USER}:camera:{PASSWORD}")
    asked = digest(f"GET:{path}")
    return sent.startswith("Digest ") and fields["response"] == digest(f"{secret}:{middle}:{asked}")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest(algorithm: str) -> None:
    def right(sent: str) -> bool:
        return is_right_digest(sent, algorithm=algorithm)

    with Camera(DIGEST_OFFER.format(algorithm), 'Basic realm="camera"', right=right) as camera:
        url = f"http://{USERINFO}@camera.lan:{camera.port}/shot.jpg?a=b"
        assert fetch(url, "camera.lan") == BODY
    assert camera.sent[0] is None
    assert len(camera.sent) == 2


def test_basic_where_it_is_asked_for() -> None:
    with Camera('Basic realm="camera"', right=BASIC.__eq__) as camera:
        assert fetch(f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1") == BODY
    assert camera.sent == [None, BASIC]


def test_nothing_is_sent_where_nothing_is_asked_for() -> None:
    with Camera() as camera:
        assert fetch(f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1") == BODY
    assert camera.sent == [None]


@pytest.mark.parametrize(
    "offer",
    [
        *(
            'Basic realm="camera"',
            DIGEST_OFFER.format("MD5"),
            "Digest",
            "Digest realm=",
            "Bearer x",
        ),
        *('Digest realm="camera", nonce=""', DIGEST_OFFER.format("ROT13"), "Negotiate", ""),
        'Digest realm="camera", nonce="n", domain="http://[bad"',
    ],
)
def test_a_password_that_does_not_help(offer: str) -> None:
    with Camera(offer) as camera, pytest.raises(UrlUnreachable):
        fetch(f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1")
    assert len(camera.sent) <= 2


def test_a_refused_digest_is_not_followed_by_the_password_in_clear() -> None:
    with (
        Camera(DIGEST_OFFER.format("MD5"), 'Basic realm="camera"') as camera,
        pytest.raises(UrlUnreachable, match="name and password"),
    ):
        fetch(f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1")
    assert BASIC not in camera.sent


def test_a_camera_that_asks_without_a_login_in_the_url() -> None:
    with (
        Camera('Basic realm="camera"') as camera,
        pytest.raises(UrlUnreachable, match="name and password"),
    ):
        fetch(f"{camera.url}/", "127.0.0.1")
    assert camera.sent == [None]


@pytest.mark.parametrize("user", [USERINFO, "operator", ":password", "a%3Ab:c"])
@pytest.mark.parametrize("host", ["127.0.0.1", "93.184.215.14", "camera.lan", "public.example"])
def test_hosts_that_are_not_named_get_none(user: str, host: str) -> None:
    with Camera() as camera, pytest.raises(UrlNotAllowed):
        fetch(f"http://{user}@{host}:{camera.port}/", "other.lan")
    assert camera.sent == []


@pytest.mark.parametrize("offer", ['Basic realm="camera"', DIGEST_OFFER.format("MD5")])
def test_the_password_is_for_one_origin(offer: str) -> None:
    """Another name or port of the same machine may be another service."""
    with Camera(offer) as camera, Camera(offer) as other:
        for target in (
            f"http://127.0.0.1:{camera.port}/",
            f"http://{USERINFO}@127.0.0.1:{camera.port}/",
            f"http://camera.lan:{other.port}/",
            f"http://other.lan:{camera.port}/",
        ):
            camera.sent.clear()
            camera.redirects["/"] = target
            url = f"http://{USERINFO}@camera.lan:{camera.port}/"
            with pytest.raises(UrlUnreachable):
                fetch(url, "camera.lan", "other.lan", "127.0.0.1")
        assert set(camera.sent) | set(other.sent) == {None}


def test_a_redirect_within_the_camera_keeps_the_login() -> None:
    with Camera('Basic realm="camera"', right=BASIC.__eq__) as camera:
        camera.redirects["/"] = "/shot.jpg"
        assert fetch(f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1") == BODY


def test_the_login_of_a_redirect_is_none() -> None:
    with Camera('Basic realm="camera"', right=BASIC.__eq__) as camera:
        camera.redirects["/"] = f"http://{USERINFO}@127.0.0.1:{camera.port}/shot.jpg"
        with pytest.raises(UrlUnreachable, match="name and password"):
            fetch(f"{camera.url}/", "127.0.0.1")
    assert set(camera.sent) == {None}


def test_the_password_is_in_no_message_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    with Camera('Basic realm="camera"') as camera:
        for url, private in (
            (f"http://{USERINFO}@127.0.0.1:{camera.port}/", "127.0.0.1"),
            (f"http://{USERINFO}@camera.lan:1/", "camera.lan"),
            (f"http://{USERINFO}@camera.lan/", "other.lan"),
            (f"http://{USERINFO}@nowhere.lan/", "nowhere.lan"),
            (f"http://{USERINFO}@[bad/", "other.lan"),
            (f"http://{USERINFO}@camera.lan:x/", "other.lan"),
        ):
            with pytest.raises((UrlNotAllowed, UrlUnreachable)) as refusal:
                fetch(url, private)
            said.append(str(refusal.value))
    written = caplog.text + " ".join(said)
    for secret in (USERINFO.split(":")[1], PASSWORD, BASIC, "oper"):
        assert secret not in written

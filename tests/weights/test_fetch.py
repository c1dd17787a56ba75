"""Downloads from a server that behaves, and from servers that do not."""

import hashlib
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import ModelCorrupt, UrlUnreachable
from app.weights.fetch import fetch
from app.weights.files import WeightFile
from tests.servers import SocketServer, http_answer, read_request

CONTENT = bytes(range(256)) * 2000
Serve = Callable[[bytes], bytes]


def weight_file(url: str, content: bytes = CONTENT, *, size: bool = True) -> WeightFile:
    digest = hashlib.sha256(content).hexdigest()
    return WeightFile("net.onnx", digest, len(content) if size else None, url)


@contextmanager
def serving(answer: Serve) -> Iterator[tuple[str, list[bytes]]]:
    """Yields the address and the heads of the requests that came."""
    heads: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heads.append(read_request(connection))
        connection.sendall(answer(heads[-1]))

    with SocketServer(serve) as server:
        yield f"{server.url}/net.onnx", heads


def with_ranges(head: bytes) -> bytes:
    asked = re.search(rb"Range: bytes=(\d+)-", head)
    if asked is None:
        return http_answer(CONTENT)
    start = int(asked[1])
    if start >= len(CONTENT):
        return http_answer(b"", status="416 Range Not Satisfiable")
    content_range = f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
    return http_answer(CONTENT[start:], content_range, status="206 Partial Content")


def without_ranges(head: bytes) -> bytes:
    return http_answer(CONTENT)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("size", [True, False])
def test_a_whole_download(tmp_path: Path, size: bool) -> None:
    reports: list[tuple[int, int | None]] = []
    directory = tmp_path / "a" / "hub"
    with serving(with_ranges) as (url, heads):
        path = fetch(
            weight_file(url, size=size), directory, lambda had, total: reports.append((had, total))
        )
    assert path == directory / "net.onnx"
    assert path.read_bytes() == CONTENT
    assert names(directory) == ["net.onnx"]
    assert len(heads) == 1
    assert [had for had, _ in reports] == sorted({had for had, _ in reports})
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert len(reports) > 3


def test_what_is_there_and_intact_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(CONTENT)
    with serving(with_ranges) as (url, heads):
        assert fetch(weight_file(url), tmp_path).read_bytes() == CONTENT
    assert heads == []


def test_what_is_there_and_damaged_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(CONTENT[:-1] + b"x")
    with serving(with_ranges) as (url, _):
        assert fetch(weight_file(url), tmp_path).read_bytes() == CONTENT
    assert names(tmp_path) == ["net.onnx"]


@pytest.mark.parametrize("had", [1, 100_000, len(CONTENT) - 1])
def test_a_partial_download_is_continued(tmp_path: Path, had: int) -> None:
    (tmp_path / "net.onnx.part").write_bytes(CONTENT[:had])
    reports: list[int] = []
    with serving(with_ranges) as (url, heads):
        path = fetch(weight_file(url), tmp_path, lambda done, total: reports.append(done))
    assert path.read_bytes() == CONTENT
    assert b"Range: bytes=%d-" % had in heads[0]
    assert min(reports) > had
    assert names(tmp_path) == ["net.onnx"]


def test_a_server_without_ranges_starts_over(tmp_path: Path) -> None:
    (tmp_path / "net.onnx.part").write_bytes(CONTENT[:1000])
    with serving(without_ranges) as (url, _):
        assert fetch(weight_file(url), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [True, False])
def test_a_partial_download_that_is_whole(tmp_path: Path, size: bool) -> None:
    (tmp_path / "net.onnx.part").write_bytes(CONTENT)
    with serving(with_ranges) as (url, _):
        assert fetch(weight_file(url, size=size), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("had", [b"", b"wrong start", bytes(len(CONTENT)), bytes(600_000)])
def test_a_wrong_partial_download_is_thrown_away(tmp_path: Path, had: bytes) -> None:
    (tmp_path / "net.onnx.part").write_bytes(had)
    with serving(with_ranges) as (url, _):
        if had:
            with pytest.raises(ModelCorrupt):
                fetch(weight_file(url), tmp_path)
            assert names(tmp_path) == []
        assert fetch(weight_file(url), tmp_path).read_bytes() == CONTENT


def test_another_file_than_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"mine")
    with (
        serving(lambda head: http_answer(CONTENT[::-1])) as (url, _),
        pytest.raises(ModelCorrupt, match="another file"),
    ):
        fetch(weight_file(url), tmp_path)
    assert names(tmp_path) == ["other.onnx"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http_answer(b"", status="404 Not Found"), id="not found"),
        pytest.param(http_answer(b"", status="500 Error"), id="server error"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_answers_that_are_none(tmp_path: Path, answer: bytes) -> None:
    (tmp_path / "net.onnx.part").write_bytes(CONTENT[:1000])
    with serving(lambda head: answer) as (url, _), pytest.raises(UrlUnreachable, match="cannot be"):
        fetch(weight_file(url), tmp_path)
    assert (tmp_path / "net.onnx.part").read_bytes() == CONTENT[:1000]
    assert names(tmp_path) == ["net.onnx.part"]


def test_a_download_that_breaks_off_is_continued_by_the_next(tmp_path: Path) -> None:
    with (
        serving(lambda head: http_answer(CONTENT)[:200_000]) as (url, _),
        pytest.raises(UrlUnreachable),
    ):
        fetch(weight_file(url), tmp_path)
    had = (tmp_path / "net.onnx.part").stat().st_size
    assert 0 < had < 200_000
    assert names(tmp_path) == ["net.onnx.part"]
    with serving(with_ranges) as (url, heads):
        assert fetch(weight_file(url), tmp_path).read_bytes() == CONTENT
    assert b"Range: bytes=%d-" % had in heads[0]


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(UrlUnreachable):
        fetch(weight_file("http://127.0.0.1:9/net.onnx"), tmp_path)


def test_a_file_without_an_address(tmp_path: Path) -> None:
    with pytest.raises(UrlUnreachable, match="no address"):
        fetch(WeightFile("net.onnx", "00"), tmp_path)

"""Pictures out of multipart streams, with the liberties that cameras take."""

import random
from collections.abc import Sequence

import pytest

from app.errors import CameraLost
from app.video.sources.multipart import MultipartPictures

PICTURES = [b"\xff\xd8" + bytes([i]) * (500 * i) + b"\r\n\r\n--fram\r\n\xff\xd9" for i in (1, 2, 3)]


def fed(stream: bytes, sizes: Sequence[int] = (1 << 20,)) -> list[bytes]:
    pictures = MultipartPictures(10_000)
    rest, found, number = stream, [], 0
    while rest:
        size = sizes[number % len(sizes)]
        found += list(pictures.feed(rest[:size]))
        rest, number = rest[size:], number + 1
    return found


def stream(boundary: bytes, *, lengths: bool, newline: bytes = b"\r\n") -> bytes:
    whole = b""
    for picture in PICTURES:
        whole += boundary + newline + b"content-type: image/jpeg" + newline
        if lengths:
            whole += b"Content-length:  %d" % len(picture) + newline
        whole += newline + picture + newline
    return whole + boundary + newline


@pytest.mark.parametrize("sizes", [(1 << 20,), (1,), (7, 300, 1)])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("boundary", [b"--frame", b"----frame"])
def test_parts(boundary: bytes, lengths: bool, newline: bytes, sizes: Sequence[int]) -> None:
    found = fed(stream(boundary, lengths=lengths, newline=newline), sizes)
    assert [part.rstrip(b"\r\n") for part in found] == PICTURES


@pytest.mark.parametrize(
    "data",
    [
        *(b"no stream at all\r\n\r\n", random.Random(3).randbytes(40_000), b"--" + b"a" * 40_000),
        b"--frame\r\nContent-Length: 999999\r\n\r\n",
        b"--frame\r\n\r\n" + b"a" * 20_000,
        b"--frame\r\nContent-Length: 2\r\n\r\nabcdef\r\n\r\n",
    ],
)
def test_what_is_no_such_stream(data: bytes) -> None:
    with pytest.raises(CameraLost):
        fed(data, (1000,))

"""Live sources against real servers, well and with faults."""

import itertools
import random
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.errors import CameraLost, InvalidCameras
from app.fetch import UrlFetcher
from app.video.sources.address import parse_source
from app.video.sources.connection import Arrival, Connection
from app.video.sources.folder import FolderSource
from app.video.sources.live import LiveSource, Patience
from app.video.sources.opening import LiveOptions, open_live
from app.video.types import VideoFrame
from tests.servers import SocketServer, eventually, http_answer, read_request
from tests.video.cameras import (
    BOUND_S,
    HEAD,
    IMPATIENT,
    MjpegCamera,
    Watched,
    assert_in_order,
    greys,
    part,
    snapshots,
)


def test_mjpeg() -> None:
    with MjpegCamera(greys()) as camera, closing(Watched(camera.url)) as watched:
        assert watched.has(5)
        assert watched.frames[0].picture.shape == (48, 64, 3)
        assert_in_order(watched)
        assert watched.source.frames > len(watched.frames)  # 25 a second, of which 10 are read
        assert [state for state, _ in watched.told] == ["connecting", "live"]


def test_a_picture_is_asked_for_again_and_again() -> None:
    with snapshots(greys()) as camera, closing(Watched(camera.url)) as watched:
        assert watched.has(4)
        levels = [float(frame.picture.mean()) for frame in watched.frames[:4]]
        assert levels == sorted(levels)
        assert len(set(levels)) == 4


def test_whoever_is_slow_gets_the_newest_frame_and_the_rest_is_counted() -> None:
    pictures = greys(200)
    count = 12
    sources: list[LiveSource] = []
    taken, done = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD)
        for number in range(count):
            connection.sendall(part(pictures[number]))
            assert eventually(lambda: sources[0].frames == number + 1, BOUND_S)  # noqa: B023
            taken.wait(BOUND_S)
            time.sleep(0.1)  # longer than a slot: the next one comes in another
        done.wait(BOUND_S)

    fetcher = UrlFetcher(frozenset({"127.0.0.1"}), 200_000, 1, 30)
    with SocketServer(answer) as server:
        options = LiveOptions(fps=20, max_pixels=1_000_000, fetcher=fetcher)
        with closing(open_live(parse_source(server.url), options)) as source:
            sources.append(source)
            frames = (frame for frame in source if isinstance(frame, VideoFrame))
            first = next(frames)
            taken.set()
            assert eventually(lambda: source.frames == count, BOUND_S)
            newest = next(frames)
            assert newest.picture.mean() - first.picture.mean() == pytest.approx(count - 1, abs=1)
            assert source.dropped == count - 2
            frames.close()
        done.set()


def test_a_camera_that_is_cut_off_and_comes_back() -> None:
    with MjpegCamera(greys()) as camera, closing(Watched(camera.url)) as watched:
        for _ in range(3):
            assert watched.more()
            assert watched.reconnects_after(camera.cut)
        assert watched.more()
        assert_in_order(watched)


def test_a_camera_that_says_nothing_any_more_is_given_up() -> None:
    with MjpegCamera(greys()) as camera:
        watched = Watched(camera.url, patience=IMPATIENT)
        with closing(watched):
            assert watched.has(2)
            camera.hold()
            assert watched.lost("No picture came for 1 s")
            assert eventually(lambda: camera.connections >= 3, BOUND_S)  # nor does it on others
            assert watched.silences
            camera.release()
            assert watched.more()


@pytest.mark.parametrize("kind", ["http", "rtsp"])
def test_a_server_that_accepts_and_says_nothing(kind: str) -> None:
    def answer(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    with SocketServer(answer) as server:
        watched = Watched(f"{kind}://127.0.0.1:{server.port}/", patience=IMPATIENT)
        with closing(watched):
            assert watched.lost("No picture came for 1 s")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HEAD + random.Random(2).randbytes(60_000), "damaged"),
        (HEAD + part(b"\xff\xd8" + bytes(500)) * 5, "ended"),
        (http_answer(b"", status="403 Forbidden"), "picture"),
        (http_answer(b"", status="401 Unauthorized"), "password"),
        (b"", "does not answer"),
        (http_answer(bytes(300_000)), "more than"),
        (http_answer(b"", "Location: http://10.0.0.1/", status="302 Found"), "public"),
    ],
    ids=["noise", "no pictures", "403", "401", "closed", "large", "redirect"],
)
def test_answers_that_are_no_camera(answer: bytes, why: str) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    with SocketServer(serve) as server, closing(Watched(server.url)) as watched:
        assert watched.lost(why)
        assert watched.frames == []


def test_damaged_frames_are_counted_and_passed_over() -> None:
    good, bad = greys(2)[0], b"\xff\xd8" + bytes(3000)
    with MjpegCamera([good, bad], fps=8) as camera, closing(Watched(camera.url)) as watched:
        assert watched.has(4)
        assert watched.source.damaged >= 2
        assert watched.source.reconnects == 0


@pytest.mark.parametrize("url", ["http://127.0.0.2:{}/", "rtsp://127.0.0.2:{}/"])
def test_hosts_that_are_not_named(url: str) -> None:
    with SocketServer(lambda connection: None, "127.0.0.2") as server:
        with closing(Watched(url.format(server.port))) as watched:
            assert watched.lost("public address")
        assert server.connections == 0


@pytest.mark.parametrize("kind", ["http", "rtsp"])
def test_no_password_for_hosts_that_are_not_named(kind: str) -> None:
    with closing(Watched(f"{kind}://user:pass@public.example/")) as watched:
        assert watched.lost("password")


def test_no_device() -> None:
    with closing(Watched("/dev/video99")) as watched:
        assert watched.lost("does not answer")


def test_a_folder_that_a_camera_writes_to(tmp_path: Path) -> None:
    pictures = greys(4)
    (tmp_path / "before.jpg").write_bytes(pictures[0])
    with closing(Watched(str(tmp_path))) as watched:
        assert eventually(lambda: "live" in dict(watched.told) or watched.silences > 0)
        (tmp_path / "notes.txt").write_text("no picture")
        (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8")
        (tmp_path / "one.jpg").write_bytes(pictures[1])
        assert watched.has(1)
        (tmp_path / "one.jpg").write_bytes(pictures[3])
        assert watched.has(2)
        levels = [frame.picture.mean() for frame in watched.frames]
        assert levels == pytest.approx([70, 170], abs=5)
        assert eventually(lambda: watched.source.damaged == 1)
    assert len(watched.frames) == 2


def test_the_pictures_of_a_folder(tmp_path: Path) -> None:
    for name, picture in zip(("2.jpg", "10.jpg", "1.jpg"), greys(3), strict=True):
        (tmp_path / name).write_bytes(picture)
    (tmp_path / "3.jpg").write_bytes(b"damaged")
    source = FolderSource(tmp_path, fps=4, max_pixels=1_000_000)
    frames = list(source)
    assert [frame.at_s for frame in frames] == [0, 0.25, 0.75]
    assert [frame.picture.mean() for frame in frames] == pytest.approx([153, 20, 86], abs=2)
    assert source.warning is not None
    assert "3.jpg" in source.warning


class Scripted:
    """A connection that does as it is told."""

    def __init__(self, steps: list[Arrival | Exception | None]) -> None:
        self.frames = self.dropped = self.damaged = 0
        self.steps, self.closed = steps, False

    def next(self, seconds: float) -> Arrival | None:
        step = self.steps.pop(0) if self.steps else CameraLost("over")
        if isinstance(step, Exception):
            raise step
        self.frames += step is not None
        return step

    def abort(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_attempts_come_further_and_further_apart() -> None:
    now = [0.0]
    begun: list[float] = []

    def connect() -> Connection:
        begun.append(now[0])
        if len(begun) == 8:
            source.abort()
        return Scripted([])

    def clock() -> float:
        now[0] += 0.001
        return now[0]

    def pause(stopped: threading.Event, seconds: float) -> bool:
        now[0] += seconds
        return stopped.is_set()

    patience = Patience(first_s=1, longest_s=8)
    source = LiveSource(connect, patience, clock=clock, chance=lambda: 1.0, pause=pause)
    list(source)
    pauses = [other - one for one, other in itertools.pairwise(begun)]
    assert pauses == pytest.approx([1, 2, 4, 8, 8, 8, 8], rel=0.1)


def test_delays() -> None:
    patience = Patience(first_s=1, longest_s=30)
    assert [patience.delay(number, 1.0) for number in (1, 2, 5, 6, 10_000)] == [1, 2, 16, 30, 30]
    assert patience.delay(1, 0.0) == 0.5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:p%40ss@10.0.0.5:8554/a/b?token=x", "rtsp://10.0.0.5:8554/a/b"),
        ("http://cam.lan/snap.cgi?user=a&pwd=b", "http://cam.lan/snap.cgi"),
        ("https://u@[2001:db8::1]:80/", "https://[2001:db8::1]:80/"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_addresses_are_shown_without_what_is_secret(text: str, shown: str) -> None:
    address = parse_source(text)
    assert str(address) == shown
    for secret in ("p%40ss", "p@ss", "token", "pwd", "user"):
        assert secret not in f"{address!r} {address}"


def test_a_password_beside_the_url() -> None:
    address = parse_source("rtsp://cam.lan/a", user="me", password="p@s:s/")
    assert address.url == "rtsp://me:p%40s%3As%2F@cam.lan/a"
    assert parse_source("rtsp://me:p%40s%3As%2F@cam.lan/a").url == address.url


@pytest.mark.parametrize(
    "text",
    ["", "ftp://a/b", "rtsp://", "http://a:99999/", "rtsp://a b/", "/nowhere", "rtsp://a:0/"],
)
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(InvalidCameras):
        parse_source(text)

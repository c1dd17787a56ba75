"""RTSP against GStreamer's own server, where Debian's packages give one."""

import itertools
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import cv2
import pytest

from app.video.sources.address import parse_source
from app.video.sources.captured import CapturedConnection
from app.video.sources.live import Patience
from tests.video.cameras import BOUND_S, Watched, assert_in_order
from tests.video.clips import grey_frames

RTSP_PYTHON = "/usr/bin/python3"


def rtsp_is_here() -> bool:
    """Whether Debian's GStreamer, its RTSP server and their bindings are."""
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); import gi.repository.Gst as g; "
    check += "g.init(None); assert g.ElementFactory.find('x264enc')"
    if shutil.which(RTSP_PYTHON) is None:
        return False
    return (
        subprocess.run([RTSP_PYTHON, "-c", check], check=False, capture_output=True).returncode == 0
    )


@contextmanager
def rtsp_camera(folder: Path, *login: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its URL without a login, and its process."""
    if not rtsp_is_here():
        pytest.skip(f"GStreamer's RTSP server is not installed for {RTSP_PYTHON}: see .ci/run")
    for number, picture in enumerate(grey_frames(50, width=320, height=240)):
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), picture)
    script = Path(__file__).with_name("rtsp_camera.py")
    process = subprocess.Popen(
        [RTSP_PYTHON, str(script), str(folder), *login],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"rtsp://127.0.0.1:{port}/camera", process
    finally:
        process.kill()
        process.communicate()


def test_rtsp(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path) as (url, _), closing(Watched(url, fps=5)) as watched:
        assert watched.has(8)
        assert watched.frames[0].picture.shape == (240, 320, 3)
        assert_in_order(watched)


def test_times_are_those_of_the_stream(tmp_path: Path) -> None:
    """Which are exact, and not those at which frames come."""
    with rtsp_camera(tmp_path) as (url, _):
        connection = CapturedConnection(
            parse_source(url),
            fps=5,
            max_pixels=1_000_000,
            named=True,
            transport="tcp",
            open_s=BOUND_S,
            read_s=BOUND_S,
        )
        with closing(connection):
            arrivals = [connection.next(BOUND_S) for _ in range(8)]
    times = [arrival.told_s for arrival in arrivals if arrival is not None]
    steps = [other - one for one, other in itertools.pairwise(times)]
    assert len(steps) == 7
    assert all(step / 0.1 == pytest.approx(round(step / 0.1), abs=0.05) for step in steps)


def test_rtsp_with_a_password(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, "viewer", "p@ss:/w") as (url, _):
        with closing(Watched(url.replace("//", "//viewer:p%40ss%3A%2Fw@"))) as watched:
            assert watched.has(2)
            for command in commands_of_children():
                assert "p@ss" not in command
                assert "p%40ss" not in command
        with closing(Watched(url.replace("//", "//viewer:wrong@"))) as watched:
            assert watched.lost("does not answer")


def test_an_rtsp_camera_that_dies_and_one_that_freezes(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path) as (url, process):
        watched = Watched(url, patience=Patience(20, 2, 0.01, 0.02))
        with closing(watched):
            assert watched.has(2)
            process.send_signal(signal.SIGSTOP)
            assert watched.lost("No picture came")
            process.send_signal(signal.SIGCONT)
            assert watched.more()
            process.kill()
            process.wait()
            assert watched.lost("does not answer")


def commands_of_children() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    capturing = [line for line in lines if "app.video.sources.capture" in line]
    assert capturing
    return capturing

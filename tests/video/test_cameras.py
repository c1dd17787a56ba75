"""Cameras under their supervisor: real pictures read by real networks, and faults."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config import Settings
from app.engine import Engine
from app.errors import AlprError, UnknownCamera
from app.fetch import UrlFetcher
from app.files.following import FollowedFile
from app.video.cameras.camera import Camera, Surroundings
from app.video.cameras.config import CameraPlan, load_cameras
from app.video.cameras.events import CameraEvent, CameraPass, CameraProgress, CameraState
from app.video.cameras.supervisor import Supervisor
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import FrameResult
from tests.api.test_video import passing_car
from tests.pictures import encode
from tests.servers import SocketServer, eventually
from tests.video.cameras import BOUND_S, MjpegCamera, greys
from tests.video.clips import grey_frames


class Bench:
    """A supervisor with its engine, and all that was told."""

    def __init__(self, pipeline: PlatePipeline, settings: Settings) -> None:
        self.told: list[CameraEvent] = []
        self.engine = Engine(pipeline, pipeline, workers=1)
        fetcher = UrlFetcher(frozenset({"127.0.0.1"}), 500_000, 1, 30)
        around = Surroundings(self.engine, settings, fetcher, lambda name: ignore)
        self.supervisor = Supervisor(around, [self.told.append])

    def passes(self, camera: str, kind: str = "end") -> list[CameraPass]:
        return [
            event
            for event in self.told
            if isinstance(event, CameraPass) and (event.camera, event.event.kind) == (camera, kind)
        ]

    def camera(self, name: str) -> Camera:
        return self.supervisor.camera(name)

    def reads_on(self, name: str, count: int = 3) -> bool:
        wanted = self.camera(name).status().read + count
        return eventually(lambda: self.camera(name).status().read >= wanted, BOUND_S)

    def is_in(self, name: str, state: str) -> bool:
        return eventually(lambda: self.camera(name).status().state == state, BOUND_S)


def ignore(options: ReadOptions, outcome: FrameResult | AlprError, seconds: float) -> None: ...


@pytest.fixture
def bench(pipeline: PlatePipeline, settings: Settings) -> Iterator[Bench]:
    bench = Bench(pipeline, settings)
    yield bench
    bench.supervisor.close()
    bench.engine.close()


@pytest.fixture
def plans(tmp_path: Path) -> Callable[..., dict[str, CameraPlan]]:
    def write(**cameras: str) -> dict[str, CameraPlan]:
        """Each is its source, and further lines."""
        lines = ["cameras:"]
        for name, text in cameras.items():
            source, *more = text.splitlines()
            lines += [f"  {name}:", f"    source: {source}", *(f"    {line}" for line in more)]
        path = tmp_path / "cameras.yml"
        path.write_text("\n".join(lines) + "\n")
        return load_cameras(path)

    return write


def car_jpegs(text: str) -> list[bytes]:
    """A car that comes by, and a street without it for two seconds and more."""
    car = [encode(frame, ".jpg") for frame in passing_car(text, 8, fps=5)]
    street = encode(grey_frames(1, width=640, height=480)[0], ".jpg")
    return [*car, *[street] * 14]


Plans = Callable[..., dict[str, CameraPlan]]


def test_a_car_that_passes(bench: Bench, plans: Plans) -> None:
    with MjpegCamera(car_jpegs("ABC123"), fps=5) as camera:
        bench.supervisor.apply(plans(gate=camera.url + "\ncrops: true"))
        assert eventually(lambda: bool(bench.passes("gate")), BOUND_S)
        status = bench.camera("gate").status()
        bench.supervisor.close()
    told = bench.passes("gate")[0]
    passing = told.event.passing
    assert passing.reading.plate == "ABC123"
    assert told.first_seen < told.last_seen < told.at
    seen_s = passing.last_seen_s - passing.first_seen_s
    assert (told.last_seen - told.first_seen).total_seconds() == pytest.approx(seen_s, abs=0.1)
    assert told.crops
    assert len(bench.passes("gate", "new")) >= 1
    assert (status.state, status.error, status.size) == ("live", None, (640, 480))
    assert status.passes >= 1
    assert status.last_pass is not None
    assert status.read == len(status.latency_s)
    progress = [event for event in bench.told if isinstance(event, CameraProgress)]
    assert sum(event.frames for event in progress) >= status.read
    assert bench.told[-1] == CameraState("gate", "ended", None)


def test_faults_of_one_are_no_matter_to_another(bench: Bench, plans: Plans) -> None:
    def say_nothing(connection: object) -> None:
        forever.wait(BOUND_S * 10)

    def noise(connection: object) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n" + bytes(range(256)) * 50)  # type: ignore[attr-defined]

    forever = threading.Event()
    quick = "\nread_timeout: 0.5\nopen_timeout: 0.5"
    with (
        MjpegCamera(greys()) as well,
        MjpegCamera(greys()) as ill,
        SocketServer(say_nothing) as silent,
        SocketServer(noise) as corrupt,
    ):
        bench.supervisor.apply(
            plans(
                well=well.url,
                ill=ill.url + quick,
                silent=silent.url + quick,
                silent_rtsp=f"rtsp://127.0.0.1:{silent.port}/" + quick,
                corrupt=corrupt.url,
                absent="http://127.0.0.1:9/",
                refused="http://127.0.0.2/",
            )
        )
        assert bench.reads_on("well")
        assert bench.reads_on("ill")
        ill.cut()
        ill.hold()
        for name in ("ill", "silent", "silent_rtsp", "corrupt", "absent", "refused"):
            assert bench.is_in(name, "waiting")
            assert bench.camera(name).status().error
        assert "ALPR_URL_PRIVATE_HOSTS" in (bench.camera("refused").status().error or "")
        assert bench.reads_on("well", 10)
        ill.release()
        assert bench.is_in("ill", "live")
        assert bench.reads_on("ill")
        well_states = [e for e in bench.told if isinstance(e, CameraState) and e.camera == "well"]
        assert [event.state for event in well_states] == ["connecting", "live"]
        assert bench.camera("well").status().reconnects == 0
        forever.set()
        bench.supervisor.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("camera-")]


def test_a_pass_ends_although_its_camera_is_gone(bench: Bench, plans: Plans) -> None:
    pictures = [encode(frame, ".jpg") for frame in passing_car("ABC123", 16, fps=10)]
    with MjpegCamera(pictures, fps=5) as camera:
        bench.supervisor.apply(plans(gate=camera.url))
        assert bench.reads_on("gate", 7)  # it has moved: what is parked is waited for longer
        assert bench.passes("gate", "new")
        camera.hold()
        camera.cut()
        assert eventually(lambda: bool(bench.passes("gate")), BOUND_S)


def test_an_engine_that_is_busy_drops_frames_and_queues_none(bench: Bench, plans: Plans) -> None:
    leave = threading.Event()
    with MjpegCamera(greys()) as camera:
        bench.supervisor.apply(plans(gate=camera.url))
        assert bench.reads_on("gate")
        held = bench.engine.run(lambda pipeline, waited_ms: leave.wait(BOUND_S))
        before = bench.camera("gate").status()
        assert eventually(
            lambda: bench.camera("gate").status().dropped >= before.dropped + 4, BOUND_S
        )
        assert bench.engine.queued == 0
        leave.set()
        held.result(BOUND_S)
        assert bench.reads_on("gate")


def test_a_network_that_fails_on_a_frame(bench: Bench, plans: Plans) -> None:
    failures = 3
    run_between = bench.engine.run_between

    def failing(*arguments: object, **options: object) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise AlprError("as scripted")
        return run_between(*arguments, **options)  # type: ignore[arg-type]

    bench.engine.run_between = failing  # type: ignore[method-assign, assignment]
    with MjpegCamera(greys()) as camera:
        bench.supervisor.apply(plans(gate=camera.url))
        assert bench.reads_on("gate")
        assert bench.camera("gate").status().dropped >= 3


def test_a_fault_that_nobody_foresaw(
    bench: Bench,
    plans: Plans,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("app.video.cameras.camera.RESTART_S", 0.01)
    faults = iter([ZeroDivisionError("as scripted")])

    def observer(event: CameraEvent) -> None:
        if isinstance(event, CameraProgress) and (fault := next(faults, None)):
            raise fault

    bench.supervisor._observers += (observer,)
    with MjpegCamera(greys()) as camera:
        bench.supervisor.apply(plans(gate=camera.url))
        assert bench.reads_on("gate")
        bench.supervisor.close()
    assert "camera gate failed" in caplog.text


def test_changes_leave_the_others_alone(bench: Bench, plans: Plans) -> None:
    with MjpegCamera(greys()) as one, MjpegCamera(greys()) as other:
        names = bench.supervisor.apply(plans(a=one.url, b=other.url))
        assert names == ["a", "b"]
        a, b = bench.camera("a"), bench.camera("b")
        assert bench.reads_on("a")
        assert bench.reads_on("b")
        assert bench.supervisor.apply(plans(a=one.url, b=other.url + "\nfps: 3")) == ["b"]
        assert bench.camera("a") is a
        assert bench.camera("b") is not b
        assert bench.camera("b").status().fps == 3
        assert bench.supervisor.apply(plans(a=one.url)) == ["b"]
        with pytest.raises(UnknownCamera):
            bench.camera("b")
        assert one.connections == 1
        assert bench.reads_on("a")


@contextmanager
def following(bench: Bench, path: Path) -> Iterator[FollowedFile]:
    file = FollowedFile(
        path,
        lambda path: bench.supervisor.apply(load_cameras(path)),
        what="cameras",
        look_s=0.05,
    )
    try:
        yield file
    finally:
        file.close()


def test_the_file_is_read_again(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cameras.yml"

    def names() -> list[str]:
        return [camera.plan.name for camera in bench.supervisor.cameras]

    path.write_text("cameras:\n  a:\n    source: http://127.0.0.1:9/\n")
    with following(bench, path) as file:
        assert names() == ["a"]
        path.write_text("cameras:\n  bb:\n    source: http://127.0.0.1:9/\n")
        assert eventually(lambda: names() == ["bb"], BOUND_S)
        path.write_text("cameras:\n  bb:\n    sources: http://127.0.0.1:9/\n")
        assert eventually(lambda: file.error is not None, BOUND_S)
        assert ":2: cameras.bb.source" in (file.error or "")
        assert names() == ["bb"]
        path.unlink()
        assert eventually(lambda: "No such file" in (file.error or ""), BOUND_S)
        path.write_text("cameras:\n")
        assert eventually(lambda: names() == [] and file.error is None, BOUND_S)

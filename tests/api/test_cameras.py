"""Cameras over HTTP, in the service as operators run it."""

import json
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from app.cli import main
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.servers import Server, eventually
from tests.video.cameras import MjpegCamera
from tests.video.test_cameras import car_jpegs

KEY = {"X-API-Key": "of-the-tests"}


class Watching:
    """A camera that a car passes every four seconds, and the service that watches it."""

    def __init__(self, server: Server, camera: MjpegCamera, file: Path) -> None:
        self.server, self.camera, self.file = server, camera, file

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.server.url + path, headers=KEY, timeout=120, **options)

    def status(self, name: str) -> dict[str, Any]:
        body: dict[str, Any] = self.get(f"/cameras/{name}").json()
        return body

    @contextmanager
    def stream(self, query: str = "", **headers: str) -> Iterator["Events"]:
        response = requests.get(
            f"{self.server.url}/passes/stream{query}",
            headers=KEY | headers,
            stream=True,
            timeout=60,
        )
        with closing(response):
            assert response.status_code == 200, response.text
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Events(response)


class Events:
    def __init__(self, response: requests.Response) -> None:
        self._lines = response.iter_lines(chunk_size=1)

    def next(self) -> dict[str, str]:
        """The fields of the next event, comments passed over."""
        fields: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.decode().partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                return fields
            else:  # a comment, or how long to wait before coming back
                fields = {}
        raise AssertionError("the stream has ended")


def write(file: Path, camera: MjpegCamera, **more: str) -> None:
    login = camera.url.replace("//", "//viewer:s3cret@")
    lines = ["cameras:", "  gate:", f"    source: {login}?token=s3cret", "    crops: true"]
    for name, source in more.items():
        lines += [f"  {name}:", f"    source: {source}"]
    file.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def watching(
    tmp_path_factory: pytest.TempPathFactory, weights_environment: dict[str, str]
) -> Iterator[Watching]:
    file = tmp_path_factory.mktemp("cameras") / "cameras.yml"
    with MjpegCamera(car_jpegs("ABC123"), fps=5) as camera:
        write(file, camera, absent="rtsp://127.0.0.1:9/")
        environment = weights_environment | {
            "ALPR_API_KEYS": KEY["X-API-Key"],
            "ALPR_CAMERAS_FILE": str(file),
            "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
            "ALPR_STORE": "on",
            "ALPR_STORE_PATH": str(file.parent / "store"),
        }
        with Server(environment) as server:
            yield Watching(server, camera, file)


def test_passes_come_as_they_happen(watching: Watching) -> None:
    with watching.stream() as events:
        seen = [events.next()]
        while seen[-1]["event"] != "end":
            seen.append(events.next())
    bodies = [json.loads(event["data"]) for event in seen]
    assert [body["event"] for body in bodies] == [event["event"] for event in seen]
    end = bodies[-1]
    assert (end["camera"], end["pass"]["plate"]) == ("gate", "ABC123")
    assert end["first_seen"] < end["last_seen"] < end["at"]
    assert end["pass"]["best"]["crop"]
    assert set(end) == {
        "event",
        "at_s",
        "pass",
        "camera",
        "at",
        "first_seen",
        "last_seen",
        "matches",
    }
    assert len({event["id"] for event in seen}) == len(seen)
    with watching.stream(**{"Last-Event-ID": seen[0]["id"]}) as events:
        again = events.next()
        assert again["id"] != seen[0]["id"]
        if len(seen) > 1:
            assert again == seen[1]
    with watching.stream("?camera=other", **{"Last-Event-ID": "0-0"}) as events:
        assert watching.get("/cameras").status_code == 200  # nothing of the gate comes: below
    with watching.stream("?camera=gate", **{"Last-Event-ID": "0-0"}) as events:
        assert json.loads(events.next()["data"])["event"] == "new"


def test_events_say_which_lists_the_vehicle_is_on(watching: Watching) -> None:
    for path, body in (
        ("/lists", {"name": "residents", "kind": "allow"}),
        ("/lists/residents/entries", {"plate": "ABC123", "owner": "Mere"}),
    ):
        url = f"{watching.server.url}{path}"
        assert requests.post(url, json=body, headers=KEY, timeout=60).status_code == 201
    with watching.stream() as events:
        while not (matches := json.loads(events.next()["data"])["matches"]):
            pass
    (match,) = matches
    told = {name: match[name] for name in ("list", "kind", "entry", "owner", "exact")}
    assert told == {
        **{"list": "residents", "kind": "allow", "entry": "ABC123", "owner": "Mere"},
        "exact": True,
    }
    assert match["probability"] > 0.9
    assert watching.get(f"/lists/residents/entries/{match['number']}").json()["plate"] == "ABC123"


def test_how_they_are_doing(watching: Watching) -> None:
    assert eventually(lambda: watching.status("gate")["passes"] >= 1)
    body = watching.get("/cameras").json()
    assert body["error"] is None
    absent, gate = body["cameras"]
    assert (absent["name"], absent["state"], absent["source"]) == (
        *("absent", "waiting", "rtsp://127.0.0.1:9/"),
    )
    assert absent["error"]
    assert (gate["name"], gate["state"], gate["error"]) == ("gate", "live", None)
    assert gate["source"] == watching.camera.url
    assert (gate["width"], gate["height"], gate["fps"]) == (640, 480, 5)
    assert gate["frames"] >= gate["read"] > 0
    assert gate["last_pass"]["pass"]["plate"] == "ABC123"
    assert 0 < gate["latency_ms"]["p50"] <= gate["latency_ms"]["worst"]
    assert_error(watching.get("/cameras/nobody"), 404, "unknown_camera")
    health = watching.get("/health").json()
    assert health["cameras"] == [
        {"name": "absent", "state": "waiting"},
        {"name": "gate", "state": "live"},
    ]
    assert watching.get("/health/ready").status_code == 200


def test_no_secret_is_told(watching: Watching) -> None:
    assert eventually(lambda: watching.status("gate")["state"] == "live")
    assert watching.camera.requests
    told = [
        *(watching.get(path).text for path in ("/cameras", "/health", "/settings", "/metrics")),
        watching.server.output(),
    ]
    assert "gate" in told[0]
    assert not any("s3cret" in text for text in told)


def test_the_newest_frame(watching: Watching) -> None:
    assert eventually(lambda: watching.status("gate")["read"] > 0)
    response = watching.get("/cameras/gate/frame.jpg")
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["cache-control"] == "no-store"
    picture = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640, 3)
    nothing = watching.get("/cameras/absent/frame.jpg")
    assert_error(nothing, 503, "not_ready")
    assert nothing.headers["Retry-After"]
    assert_error(watching.get("/cameras/nobody/frame.jpg"), 404, "unknown_camera")


def test_metrics_by_camera(watching: Watching) -> None:
    assert eventually(lambda: watching.status("gate")["passes"] >= 1)
    samples = Samples(watching.get("/metrics").text)
    assert samples.value("alpr_camera_live", camera="gate") == 1
    assert samples.value("alpr_camera_live", camera="absent") == 0
    assert samples.value("alpr_camera_connections_lost_total", camera="absent") >= 1
    assert samples.value("alpr_camera_frames_total", camera="gate") > 0
    read = samples.value("alpr_camera_lag_seconds_count", camera="gate")
    assert read > 0

    def timed() -> float:
        later = Samples(watching.get("/metrics").text)
        return later.value("alpr_picture_duration_seconds_count", work="watch")

    assert eventually(lambda: timed() >= read)  # one answer is not of one moment
    assert samples.value("alpr_camera_passes_total", camera="gate", format="standard") >= 1
    assert samples.value("alpr_camera_confidence_score_count", camera="gate") >= 1


@pytest.mark.parametrize(
    "path", ["/cameras", "/cameras/gate", "/cameras/gate/frame.jpg", "/passes/stream"]
)
def test_keys_are_asked_for(watching: Watching, path: str) -> None:
    response = requests.get(watching.server.url + path, timeout=120)
    assert_error(response, 401, "unauthorized")


def test_streams_have_a_limit(make_client: ClientFactory) -> None:
    client = make_client()
    streams = client.app.state.service.streams  # type: ignore[attr-defined]
    with streams.admit(streams.limit):
        assert_error(client.get("/passes/stream"), 503, "overloaded")
    assert client.get("/cameras").json() == {"cameras": [], "error": None}


def test_the_file_is_read_again_on_sighup(watching: Watching) -> None:
    connections = watching.camera.connections

    def names() -> list[str]:
        return [camera["name"] for camera in watching.get("/cameras").json()["cameras"]]

    write(watching.file, watching.camera, other="rtsp://127.0.0.1:9/")
    watching.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: names() == ["gate", "other"])
    watching.file.write_text("cameras: 3\n")
    watching.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: watching.get("/cameras").json()["error"] is not None)
    assert names() == ["gate", "other"]
    assert watching.camera.connections == connections
    samples = Samples(watching.get("/metrics").text)
    assert {"camera": "absent"} not in samples.labels("alpr_camera_live")


def test_streams_end_with_the_service(tmp_path: Path, light_environment: dict[str, str]) -> None:
    environment = light_environment | {"ALPR_AUTH": "off", "ALPR_DRAIN_SECONDS": "0"}
    with Server(environment) as server:
        response = requests.get(f"{server.url}/passes/stream", stream=True, timeout=60)
        with closing(response):
            lines = response.iter_lines(chunk_size=1)
            assert next(lines)
            server.terminate()
            assert list(lines)[-1:] in ([], [b""])
        assert server.process.wait(60) == 0


def test_a_file_that_is_wrong_stops_the_start(
    tmp_path: Path, weights_environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cameras.yml"
    file.write_text("cameras:\n  gate:\n    source: nowhere\n")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (weights_environment | {"ALPR_CAMERAS_FILE": str(file)}).items():
            patch.setenv(name, value)
        assert main(["serve"]) == 2
        assert f"{file}:3: cameras.gate.source: No file" in capsys.readouterr().err
        assert main(["serve", "--processes", "2"]) == 2
        assert "ALPR_PROCESSES=1" in capsys.readouterr().err

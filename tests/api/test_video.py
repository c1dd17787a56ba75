"""`POST /predict/video` with real networks and drawn clips."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests
from starlette.testclient import TestClient

from app.api.service import Service
from app.vision.types import Frame
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.pictures import draw_car
from tests.servers import Server, eventually
from tests.video.clips import grey_frames, write_clip

LINES = {"Accept": "application/x-ndjson"}


def passing_car(text: str, count: int, *, fps: float) -> list[Frame]:
    """A car that crosses the picture from left to right in a second and a half."""
    car = draw_car(text)
    frames: list[Frame] = []
    for i in range(count):
        moved = np.array([[1, 0, -100 + 140 * i / fps], [0, 1, 0]], np.float32)
        shown = cv2.warpAffine(car, moved, (640, 480), borderMode=cv2.BORDER_REPLICATE)
        frames.append(shown.astype(np.uint8, copy=False))
    return frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "car.avi"
    return write_clip(path, passing_car("ABC123", 8, fps=5), 5)


def test_a_clip_gives_one_pass(client: TestClient, clip: Path) -> None:
    before = Samples(client.get("/metrics").text)
    response = client.post("/predict/video", files={"file": ("car.avi", clip.read_bytes())})
    assert response.status_code == 200, response.text
    body = response.json()
    (passing,) = body["passes"]
    assert (passing["plate"], passing["validation"]["format"]) == ("ABC123", "standard")
    assert passing["confidence"] > 0.9
    assert (passing["frames"], passing["reads"]) == (8, 8)
    assert passing["agreeing"] >= 6
    assert (passing["first_seen_s"], passing["last_seen_s"]) == (0, 1.4)
    assert passing["direction"]["motion"] == "steady"
    assert min(passing["direction"]["degrees"], 360 - passing["direction"]["degrees"]) < 15
    assert passing["best"]["bbox"]["width"] > 100
    assert body["video"] == {
        "width": 640,
        "height": 480,
        "duration_s": 1.4,
        "frames": 8,
        "frames_read": 8,
    }
    assert (body["warning"], body["request_id"]) == (None, response.headers["X-Request-ID"])
    after = Samples(client.get("/metrics").text)

    def grown(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert grown("alpr_vehicle_passes_total") == 1
    assert grown("alpr_picture_duration_seconds_count", work="watch") == 8
    for status in ("success", "low_confidence", "failure", "error"):
        assert grown("alpr_predictions_total", status=status) == 0


def test_lines_come_for_each_event(client: TestClient, clip: Path) -> None:
    headers = {**LINES, "Content-Type": "video/x-msvideo"}
    response = client.post("/predict/video", content=clip.read_bytes(), headers=headers)
    assert response.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in response.text.splitlines()]
    kinds = [line["event"] for line in lines]
    progress = [line for line in lines if line["event"] == "progress"]
    assert len(progress) == 8
    assert {line["duration_s"] for line in progress} == {1.6}
    events = [line for line in lines if "pass" in line]
    assert (events[0]["event"], events[-1]["event"]) == ("new", "end")
    assert len({line["pass"]["id"] for line in events}) == 1
    assert kinds.index("new") < 7  # while it lasts, not at its end
    assert lines[-1]["event"] == "result"
    assert [passing["plate"] for passing in lines[-1]["passes"]] == ["ABC123"]


def test_options_and_damage(client: TestClient, clip: Path, tmp_path: Path) -> None:
    half = clip.read_bytes()[: clip.stat().st_size * 2 // 3]
    body = client.post("/predict/video?fps=2.5", files={"file": half}).json()
    assert "damaged" in body["warning"]
    assert body["video"]["frames_read"] < 4
    (passing,) = body["passes"]
    assert (passing["plate"], passing["best"]["crop"]) == ("ABC123", None)
    for query in ("masks=0,0,1,0,1,1,0,1", "formats=trade"):
        whole = client.post(f"/predict/video?{query}", files={"file": clip.read_bytes()}).json()
        assert whole["passes"] == []


@pytest.mark.parametrize("query", ["fps=0", "fps=1000", "detail=most", "speed=2"])
def test_options_that_are_none(client: TestClient, clip: Path, query: str) -> None:
    response = client.post(f"/predict/video?{query}", files={"file": clip.read_bytes()})
    assert_error(response, 422, "invalid_request")


def test_what_is_no_video(client: TestClient, car_jpeg: bytes) -> None:
    for data in (b"", b"no video", car_jpeg):
        response = client.post("/predict/video", files={"file": ("a.mp4", data)})
        assert_error(response, 400, "invalid_video")
    response = client.post("/predict/video", files={"other": ("a.mp4", b"abc")})
    assert_error(response, 422, "invalid_request")
    response = client.post("/predict/video", content=b"{}", headers={"Content-Type": "text/plain"})
    assert_error(response, 415, "unsupported_media_type")


def test_limits(make_client: ClientFactory, clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    small = make_client(max_video_bytes=1000)
    assert_error(small.post("/predict/video", files={"file": data}), 413, "too_large")
    short = make_client(max_video_seconds=0.5)
    assert_error(short.post("/predict/video", files={"file": data}), 413, "video_too_long")
    few = make_client(max_pixels=1000)
    assert_error(few.post("/predict/video", files={"file": data}), 413, "too_many_pixels")
    late = make_client(video_deadline=1e-9)
    body = late.post("/predict/video", files={"file": data}).json()
    assert "Reading ended" in body["warning"]
    assert (body["passes"], body["video"]["frames_read"]) == ([], 0)


def test_no_more_videos_than_allowed(make_client: ClientFactory, clip: Path) -> None:
    client = make_client(max_videos=1)
    service: Service = client.app.state.service  # type: ignore[attr-defined]
    with service.videos.admit():
        response = client.post("/predict/video", files={"file": clip.read_bytes()})
    assert_error(response, 503, "overloaded")
    assert int(response.headers["Retry-After"]) >= 1
    for headers in ({}, LINES, {}):  # each gives back what it held
        files = {"file": clip.read_bytes()}
        assert client.post("/predict/video", files=files, headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, LINES], ids=["json", "lines"])
def test_a_client_that_leaves_stops_the_work(
    server: Server, clip: Path, tmp_path: Path, headers: dict[str, str]
) -> None:
    long = write_clip(tmp_path / "long.avi", grey_frames(3000, width=320, height=240), 30)

    def ask(path: Path, **options: Any) -> requests.Response:
        files = {"file": ("a.avi", path.read_bytes())}
        url = f"{server.url}/predict/video?fps=30"
        return requests.post(url, files=files, timeout=60, **options)

    for _ in range(2):  # as many as are read at a time
        if headers:
            with ask(long, headers=headers, stream=True) as response:
                assert next(response.iter_lines())
        else:
            with pytest.raises(requests.ReadTimeout):
                requests.post(
                    f"{server.url}/predict/video?fps=30",
                    files={"file": ("a.avi", long.read_bytes())},
                    timeout=(60, 2),
                )
    assert eventually(lambda: ask(clip).status_code == 200)


def test_a_video_on_its_way_takes_no_room_of_pictures(
    light_environment: dict[str, str], car_jpeg: bytes
) -> None:
    """Neither from those that are read nor from the memory of bodies: it goes to disk."""
    small = {
        **{"ALPR_AUTH": "off", "ALPR_MAX_IN_FLIGHT": "1", "ALPR_MAX_BODY_BYTES": "1000"},
        **{"ALPR_MAX_BATCH_BYTES": "100000", "ALPR_MAX_UPLOAD_BYTES": "100000"},
    }
    head = (
        b"POST /predict/video HTTP/1.1\r\nHost: a\r\nContent-Type: video/mp4\r\n"
        b"Content-Length: %d\r\n\r\n" % (4 << 20)
    )
    with Server(light_environment | small) as server, server.connect() as connection:
        connection.sendall(head + bytes(3 << 20))  # more than the budget of bodies has
        found = Samples("")

        def arrives() -> bool:
            nonlocal found
            found = Samples(requests.get(f"{server.url}/metrics", timeout=60).text)
            return found.value("alpr_budget_in_use", budget="videos") == 1

        assert eventually(arrives)
        assert found.value("alpr_budget_in_use", budget="pictures") == 0
        assert found.value("alpr_budget_in_use", budget="body_bytes") == 0
        picture = {"file": car_jpeg}
        answer = requests.post(f"{server.url}/predict/file", files=picture, timeout=60)
        assert answer.json()["plate"] == "ABC123"
        connection.sendall(bytes(1 << 20))
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_starting_imports_nothing_for_videos() -> None:
    code = "import sys, app.api.application; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_clip_without_a_vehicle(client: TestClient, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "grey.avi", grey_frames(6), 5)
    body = client.post("/predict/video", files={"file": path.read_bytes()}).json()
    assert (body["passes"], body["warning"]) == ([], None)

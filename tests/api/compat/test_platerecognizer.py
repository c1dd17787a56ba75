"""Plate Recognizer's API: requests as its clients send them, and golden answers."""

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import cv2
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.api.compat.platerecognizer_bodies import MAX_CALLS
from app.api.redacting import redaction_weight
from app.vision.pipeline import PlatePipeline
from app.vision.types import Frame
from tests.api.compat.snapshot_clients import (
    RECORDED,
    ROUTE,
    aiohttp,
    assert_refused,
    curl_base64,
    post,
    python_requests,
)
from tests.api.conftest import ClientFactory
from tests.pictures import draw_car, encode
from tests.servers import SocketServer, http_answer, read_request


def golden(client: TestClient, picture: bytes) -> dict[str, Any]:
    """The answer to be expected, made from the native one."""
    plate = client.post("/predict/file", files={"file": picture}).json()["plates"][0]
    box, score = plate["bbox"], plate["confidence"]
    others = [c for c in plate["candidates"] if c["plate"] != plate["plate"]]
    return {
        "results": [
            {
                "box": {
                    "xmin": box["x"],
                    "ymin": box["y"],
                    "xmax": box["x"] + box["width"],
                    "ymax": box["y"] + box["height"],
                },
                "plate": "abc123",
                "score": pytest.approx(score, abs=0.001),
                "dscore": pytest.approx(plate["plate_confidence"], abs=0.001),
                "region": {
                    "code": "nz",
                    "score": pytest.approx(
                        sum(c["probability"] for c in plate["candidates"]), abs=0.01
                    ),
                },
                "candidates": [
                    {"plate": "abc123", "score": pytest.approx(score, abs=0.001)},
                    *(
                        {
                            "plate": other["plate"].lower(),
                            "score": pytest.approx(other["probability"], abs=0.001),
                        }
                        for other in others
                    ),
                ],
                "vehicle": {
                    "score": 0.0,
                    "type": "",
                    "box": {"xmin": 0, "ymin": 0, "xmax": 0, "ymax": 0},
                },
            }
        ],
        "filename": "car.jpg",
        "version": 1,
        "camera_id": "gate",
        "timestamp": "2026-01-01T00:00:00+13:00",
    }


@pytest.mark.parametrize("request_of", RECORDED)
def test_recorded_requests_get_the_golden_answer(
    client: TestClient, car_jpeg: bytes, request_of: Any
) -> None:
    response = post(client, request_of(car_jpeg))
    assert response.status_code == 200, response.text
    answer, expected = response.json(), golden(client, car_jpeg)
    assert answer.pop("processing_time") > 0
    usage = answer.pop("usage")
    assert usage == {"calls": usage["calls"], "max_calls": MAX_CALLS}
    if request_of not in (python_requests, aiohttp):  # the others name no file
        expected["filename"] = f"{response.headers['X-Request-ID']}.jpg"
    if request_of is python_requests:  # it asks for the vehicle
        for plate in expected["results"]:
            plate |= {"model_make": [], "color": [], "orientation": []}
    assert answer == expected


def test_without_the_slash_there_is_no_redirect(client: TestClient, car_jpeg: bytes) -> None:
    response = client.post("/v1/plate-reader", files={"upload": car_jpeg}, follow_redirects=False)
    assert response.status_code == 200
    assert response.json()["results"][0]["plate"] == "abc123"


def test_fields_nobody_sent_are_there_all_the_same(client: TestClient) -> None:
    body = client.post(ROUTE, files={"upload": encode(draw_car("A")[:90], ".png")}).json()
    assert body["results"] == []
    assert body["camera_id"] is None
    moment = datetime.fromisoformat(body["timestamp"])
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert body["timestamp"].endswith("Z")
    assert len(body["timestamp"]) == len("2026-01-01T00:00:00.000000Z")


def test_three_megabytes_of_base64(client: TestClient, car: Frame) -> None:
    picture = encode(cv2.resize(car, (1024, 768)), ".bmp")
    request = curl_base64(picture)
    assert len(request[1]) > 3_000_000
    assert post(client, request).json()["results"][0]["plate"] == "abc123"


def test_upload_url(make_client: ClientFactory, car_jpeg: bytes) -> None:
    def answer(connection: Any) -> None:
        read_request(connection)
        connection.sendall(http_answer(car_jpeg))

    client = make_client(url_private_hosts=("127.0.0.1",))
    with SocketServer(answer) as camera:
        url = f"{camera.url}/snapshots/gate.jpg?now=1"
        for request in (
            {"json": {"upload_url": url}},
            {"data": {"upload_url": url}},
            {"data": {"upload_url": url}, "files": {"upload": ("", b"")}},
        ):
            body = client.post(ROUTE, **request).json()
            assert body["results"][0]["plate"] == "abc123"
            assert body["filename"] == "gate.jpg"


def plates(client: TestClient, picture: bytes, config: dict[str, Any]) -> list[dict[str, Any]]:
    response = client.post(ROUTE, files={"upload": picture}, data={"config": json.dumps(config)})
    found: list[dict[str, Any]] = response.json()["results"]
    return found


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({}, ["abc123"]),
        ({"region": "strict"}, ["abc123"]),
        ({"threshold_d": 0.0, "threshold_o": 0.5}, ["abc123"]),
        ({"threshold_o": 1.0}, []),
        ({"threshold_d": 1.0}, []),
        ({"threshold_d": 1.0, "mode": "redaction"}, [""]),
        ({"mode": "redaction"}, ["abc123"]),
        ({"text_formats": ["(a*)*b.*", "nothing"]}, ["abc123"]),
        ({"unknown": True}, ["abc123"]),
    ],
)
def test_config(
    client: TestClient, car_jpeg: bytes, config: dict[str, Any], found: list[str]
) -> None:
    assert [plate["plate"] for plate in plates(client, car_jpeg, config)] == found


def test_a_plate_read_with_certainty_has_no_other_candidate(
    client: TestClient, car_jpeg: bytes
) -> None:
    """Clients open a gate where any candidate is in their list."""
    (read,) = plates(client, car_jpeg, {})
    assert [candidate["plate"] for candidate in read["candidates"]] == ["abc123"]


@pytest.mark.parametrize(("setting", "plate"), [("raw", "abc123"), ("corrected", "abc128")])
def test_status_201_and_raw_or_corrected_text_by_setting(
    make_client: ClientFactory,
    correcting: PlatePipeline,
    car_jpeg: bytes,
    setting: str,
    plate: str,
) -> None:
    client = make_client(pipeline=correcting, platerecognizer_created=True, compat_plate=setting)
    response = client.post(ROUTE, files={"upload": car_jpeg})
    assert response.status_code == 201
    assert response.json()["results"][0]["plate"] == plate


def test_it_can_be_switched_off(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(platerecognizer="off")
    assert client.post(ROUTE, files={"upload": car_jpeg}).status_code == 404


def test_usage_is_counted(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client()
    for calls in (1, 2):
        body = client.post(ROUTE, files={"upload": car_jpeg}).json()
        assert body["usage"] == {"calls": calls, "max_calls": MAX_CALLS}
    client.post(ROUTE, files={"upload": b"no picture"})
    client.post("/v1/blur", files={"upload": car_jpeg})
    now = datetime.now(UTC)
    for route in ("/v1/statistics", "/v1/statistics/"):
        body = client.get(route).json()
        usage = body["usage"]
        assert body["total_calls"] - usage["calls"] == MAX_CALLS - 3  # what clients compute
        assert (usage["calls"], usage["month"], usage["year"]) == (3, now.month, now.year)
        resets_on = datetime.fromisoformat(usage["resets_on"])
        assert resets_on > now
        assert resets_on.day == 1
    for route in ("/info", "/info/"):
        assert client.get(route).json() == {
            "version": "1",
            "license_key": "",
            "total_calls": MAX_CALLS,
            "usage": {"calls": 3, "max_calls": MAX_CALLS},
            "webhooks": [],
        }
    assert client.get("/").status_code == 200


def test_blur(client: TestClient, car_jpeg: bytes) -> None:
    response = client.post("/v1/blur", files={"upload": ("car.jpg", car_jpeg)})
    body = response.json()
    assert set(body) == {
        *("processing_time", "blur", "plates", "faces", "filename", "version"),
        *("camera_id", "timestamp", "usage"),
    }
    assert body["blur"]["filename"] == body["filename"] == "car.jpg"
    (plate,) = body["plates"]
    assert set(plate) == {"box", "dscore"}
    picture = base64.b64decode(body["blur"]["base64"], validate=True)
    with Image.open(io.BytesIO(picture)) as blurred:
        assert (blurred.format, blurred.size) == ("JPEG", (640, 480))
    assert "abc123" not in [p["plate"] for p in plates(client, picture, {"threshold_d": 0.1})]


@pytest.mark.parametrize("faces", ["10", "1", "true"])
def test_nobody_is_left_to_believe_that_faces_are_blurred(
    client: TestClient, car_jpeg: bytes, faces: str
) -> None:
    response = client.post("/v1/blur", files={"upload": car_jpeg}, data={"faces": faces})
    assert_refused(response, 400)
    assert "Faces are not blurred" in response.json()["detail"]


@pytest.mark.parametrize("faces", ["0", "", "false"])
def test_plates_alone_are_blurred(client: TestClient, car_jpeg: bytes, faces: str) -> None:
    data = {"faces": faces, "plates": "10"}
    response = client.post("/v1/blur", files={"upload": car_jpeg}, data=data)
    assert len(response.json()["plates"]) == 1


@pytest.mark.parametrize(("mmc", "there"), [("true", True), ("True", True), ("false", False)])
def test_make_model_and_colour_are_there_but_empty(
    client: TestClient, car_jpeg: bytes, mmc: str, there: bool
) -> None:
    response = client.post(ROUTE, files={"upload": car_jpeg}, data={"mmc": mmc})
    (plate,) = response.json()["results"]
    for name in ("model_make", "color", "orientation"):
        assert plate.get(name) == ([] if there else None)


def test_mode_redaction_is_one_job_of_its_true_weight(
    client: TestClient, car_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two would decode twice and have a deadline each."""
    service = client.app.state.service  # type: ignore[attr-defined]
    run, jobs = service.engine.run, []

    def counted(*arguments: Any, **options: Any) -> Any:
        jobs.append(service.admission.in_use)
        return run(*arguments, **options)

    monkeypatch.setattr(service.engine, "run", counted)
    plates(client, car_jpeg, {})
    plates(client, car_jpeg, {"mode": "redaction"})
    assert jobs == [1, 1 + redaction_weight(service)]

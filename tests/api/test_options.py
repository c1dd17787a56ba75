"""Options of the native endpoints, and what other services' clients see of them."""

import base64
import json

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from app.vision.types import Frame
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.pictures import draw_car, encode

ELSEWHERE = "0,0,1,0,1,.2,0,.2"
CENTRE = "0.3,0.5,0.7,0.5,0.7,0.8,0.3,0.8"


@pytest.fixture(scope="module")
def cut_png(car: Frame) -> bytes:
    """The car without the first two characters of its plate, and something more."""
    return encode(np.ascontiguousarray(car[:, 300:]), ".png")


@pytest.fixture(scope="module")
def upside_down(car: Frame) -> bytes:
    return encode(cv2.rotate(car, cv2.ROTATE_180), ".png")


@pytest.mark.parametrize("route", ["file", "batch"])
def test_rotation_and_crops(client: TestClient, upside_down: bytes, route: str) -> None:
    field = "file" if route == "file" else "files"
    query = {"rotate": "auto", "crops": "true"}
    body = client.post(f"/predict/{route}", params=query, files={field: upside_down}).json()
    answer = body if route == "file" else body["results"][0]["result"]
    assert answer["plate"] == "ABC123"
    assert answer["image"]["rotation"] == 180
    assert (answer["image"]["width"], answer["image"]["height"]) == (640, 480)
    (plate,) = answer["plates"]
    assert plate["bbox"]["y"] < 240
    crop = cv2.imdecode(np.frombuffer(base64.b64decode(plate["crop"]), np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape[1] > crop.shape[0]


@pytest.mark.parametrize(
    ("query", "reason", "plate"),
    [
        ({"region": ELSEWHERE}, "region", None),
        ({"masks": f"0,0,.1,0,.1,.1;{CENTRE}"}, "mask", None),
        ({"min_height": "200"}, "min_height", None),
        ({"formats": "trade,trailer"}, "format", "ABC123"),
    ],
)
def test_what_is_left_out_is_listed(
    client: TestClient, car_jpeg: bytes, query: dict[str, str], reason: str, plate: str | None
) -> None:
    body = client.post("/predict/file", params=query, files={"file": car_jpeg}).json()
    assert (body["plate"], body["plates"]) == (None, [])
    (left_out,) = body["rejected"]
    assert (left_out["reason"], left_out["plate"]) == (reason, plate)
    assert abs(left_out["bbox"]["x"] - 235) < 15


@pytest.mark.parametrize(
    "query",
    [
        *({"rotate": "45"}, {"rotate": ""}, {"region": "0,0,1"}, {"region": "0,0,2,0,2,2"}),
        *({"min_height": "-1"}, {"min_height": "1.5"}, {"formats": "standart"}),
        *({"masks": "0,0,1"}, {"masks": ";".join(["0,0,1,0,1,1"] * 17)}),
        *({"crops": "perhaps"}, {"region": "0," * 3000}),
    ],
)
def test_options_that_are_none(client: TestClient, car_jpeg: bytes, query: dict[str, str]) -> None:
    response = client.post("/predict/file", params=query, files={"file": car_jpeg})
    assert_error(response, 422, "invalid_request")


def test_settings_give_the_defaults_everywhere(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(region=ELSEWHERE, crops=True, codeproject="open")
    upload = {"upload": car_jpeg}
    assert client.post("/v1/plate-reader/", files=upload).json()["results"] == []
    assert client.post("/v1/vision/alpr", files=upload).json()["predictions"] == []
    assert client.post("/predict/file", files={"file": car_jpeg}).json()["plates"] == []
    whole = client.post("/predict/file?region=", files={"file": car_jpeg}).json()
    assert whole["plates"][0]["crop"]
    covered = client.post("/redact", files={"file": car_jpeg})
    assert covered.headers["X-Plates-Redacted"] == "1"


def test_a_cut_plate_on_every_api(make_client: ClientFactory, cut_png: bytes) -> None:
    client = make_client(codeproject="open")
    (plate,) = client.post("/predict/file", files={"file": cut_png}).json()["plates"]
    assert plate["cut"] is True
    assert plate["validation"]["warning"]
    assert (plate["corrected_plate"], plate["candidates"]) == (None, [])
    text = plate["plate"]
    upload = {"upload": cut_png}
    (result,) = client.post("/v1/plate-reader/", files=upload).json()["results"]
    assert [one["plate"] for one in result["candidates"]] == [text.lower()]
    assert result["region"]["score"] == 0
    strict = {"config": json.dumps({"region": "strict"})}
    assert client.post("/v1/plate-reader/", files=upload, data=strict).json()["results"] == []
    (found,) = client.post("/v1/vision/alpr", files=upload).json()["predictions"]
    assert found["plate"] == text
    answer = client.post("/v1/recognize", files={"image": cut_png}).json()
    (openalpr,) = answer["plate"]["results"]
    assert [one["plate"] for one in openalpr["candidates"]] == [text]
    assert openalpr["matches_template"] == 0


def test_redaction_of_a_turned_picture_is_not_turned(client: TestClient) -> None:
    frame = cv2.rotate(draw_car("ABC123"), cv2.ROTATE_90_CLOCKWISE)
    sideways = encode(frame, ".png")
    answer = client.post("/redact?rotate=auto", files={"file": sideways})
    assert answer.status_code == 200
    assert int(answer.headers["X-Plates-Redacted"]) >= 1
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == frame.shape
    assert_error(client.post("/redact?rotate=1", files={"file": sideways}), 422, "invalid_request")


def test_plate_recognizers_fast_mode_is_one_look(client: TestClient) -> None:
    large = cv2.resize(draw_car("ABC123"), None, fx=2, fy=2)[:500]
    upload = {"upload": encode(large, ".png")}
    body = client.post("/v1/plate-reader/", files=upload, data={"config": '{"mode": "fast"}'})
    assert body.json()["results"] == []

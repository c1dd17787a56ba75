"""Answers to pictures."""

import pytest
from starlette.testclient import TestClient

from app.vision.types import Frame
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.corpus import readable, refused
from tests.good import valid
from tests.pictures import draw_car, encode

STATUS_BY_CODE = {
    "empty_image": 400,
    "invalid_image": 400,
    "too_costly": 400,
    "too_many_pixels": 413,
    "animated_image": 415,
    "unsupported_image": 415,
}


def test_the_contract_of_a_read_plate(client: TestClient, car_jpeg: bytes) -> None:
    response = client.post(
        "/predict/file", files={"file": ("car.jpg", car_jpeg)}, headers={"X-Request-ID": "me-1"}
    )
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {
        *("plate", "confidence", "validation", "corrected_plate", "plates", "image"),
        *("rejected", "passes", "timings_ms", "model", "request_id"),
    }
    (plate,) = body["plates"]
    assert set(plate) == {
        *("plate", "confidence", "char_confidences", "detection_confidence", "bbox", "region"),
        *("plate_confidence", "text_confidence"),
        *("validation", "corrected_plate", "correction", "candidates", "cut", "crop"),
    }
    assert (plate["cut"], plate["crop"], body["rejected"]) == (False, None, [])
    assert body["plate"] == plate["plate"] == "ABC123"
    assert body["confidence"] == plate["confidence"] > 0.9
    assert len(plate["char_confidences"]) == 6
    assert body["validation"] == plate["validation"]
    assert body["validation"] | {"warning": None} == {
        **{"valid": True, "normalized": "ABC123", "format": "standard"},
        **{"error": None, "warning": None},
    }
    assert body["corrected_plate"] is plate["corrected_plate"] is None
    image = {"width": 640, "height": 480, "rotation": 0, "damaged": False}
    assert body["image"] == image
    box = plate["bbox"]
    assert abs(box["x"] - 235) < 15
    assert abs(box["y"] - 290) < 15
    assert abs(box["width"] - 170) < 30
    stages = body["timings_ms"]
    assert stages["decode"] > 0
    assert stages["detect"] > 0
    assert stages["ocr"] > 0
    assert stages["total"] == pytest.approx(sum(stages.values()) - stages["total"], abs=0.05)
    assert set(body["model"]) == {"detector", "ocr"}
    assert body["request_id"] == response.headers["X-Request-ID"] == "me-1"


def test_no_plate_is_an_answer_not_an_error(client: TestClient) -> None:
    grey = encode(draw_car("ABC123")[:100], ".png")
    body = client.post("/predict/file", files={"file": grey}).json()
    assert body["plate"] is None
    assert body["confidence"] == 0.0
    assert body["validation"] is body["corrected_plate"] is None
    assert body["plates"] == []


def test_min_confidence_filters_plates(client: TestClient, car_jpeg: bytes) -> None:
    found = client.post("/predict/file?min_confidence=0.2", files={"file": car_jpeg}).json()
    score = found["plates"][0]["plate_confidence"]
    above = min(score + 0.001, 1.0)
    none = client.post(f"/predict/file?min_confidence={above}", files={"file": car_jpeg}).json()
    assert none["plates"] == []


@pytest.mark.parametrize("mode", ["off", "auto", "always"])
def test_enhance_modes_read_a_plain_plate(client: TestClient, car_jpeg: bytes, mode: str) -> None:
    answer = client.post(f"/predict/file?enhance={mode}", files={"file": car_jpeg})
    assert answer.json()["plate"] == "ABC123"


@pytest.mark.parametrize(
    "query",
    [
        *("min_confidence=2", "min_confidence=-1", "min_confidence=nan", "min_confidence=x"),
        *("enhance=yes", "enhance=", "foo=1", "min_confidence=0.4&foo=1", "%FF=1", "%ED%A0%80=1"),
    ],
)
@pytest.mark.parametrize("route", ["/predict/file", "/predict/batch", "/predict/url"])
def test_wrong_queries(client: TestClient, route: str, query: str, car_jpeg: bytes) -> None:
    field = "file" if route.endswith("file") else "files"
    if route.endswith("url"):
        response = client.post(f"{route}?{query}", json={"url": "https://example.com/a.jpg"})
    else:
        response = client.post(f"{route}?{query}", files={field: car_jpeg})
    assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize(
    ("data", "code"), [pytest.param(data, code, id=name) for name, data, code in refused()]
)
def test_refused_pictures(client: TestClient, data: bytes, code: str) -> None:
    response = client.post("/predict/file", files={"file": ("car.jpg", data)})
    assert_error(response, STATUS_BY_CODE[code], code)


def test_odd_pictures_are_read(client: TestClient) -> None:
    pictures = list(readable())
    for start in range(0, len(pictures), 32):
        some = pictures[start : start + 32]
        files = [("files", (name, data)) for name, data, _ in some]
        body = client.post("/predict/batch", files=files).json()
        for (name, _, (height, width)), item in zip(some, body["results"], strict=True):
            assert item["error"] is None, name
            image = item["result"]["image"]
            assert (image["width"], image["height"]) == (width, height), name
            assert not image["damaged"], name


def test_a_batch_answers_in_order_and_survives_bad_files(client: TestClient, car: Frame) -> None:
    pictures = [
        ("a.png", encode(car, ".png")),
        ("b.txt", b"no picture"),
        ("c.png", encode(draw_car("KLM482"), ".png")),
        ("d.png", b""),
        ("e.gif", next(data for name, data, _ in refused() if name == "animated gif")),
    ]
    response = client.post("/predict/batch", files=[("files", file) for file in pictures])
    assert response.status_code == 200
    items = response.json()["results"]
    assert [item["filename"] for item in items] == [name for name, _ in pictures]
    assert [item["result"] and item["result"]["plate"] for item in items] == [
        *("ABC123", None, "KLM482", None, None)
    ]
    assert [item["error"] and item["error"]["code"] for item in items] == [
        *(None, "invalid_image", None, "empty_image", "animated_image")
    ]


def test_the_limit_on_bytes_is_inclusive(make_client: ClientFactory) -> None:
    picture = valid()["jpeg"]
    at_limit = make_client(max_upload_bytes=len(picture))
    assert at_limit.post("/predict/file", files={"file": picture}).status_code == 200
    response = at_limit.post("/predict/file", files={"file": picture + b"\x00"})
    assert_error(response, 413, "too_large")


def test_a_batch_with_a_file_over_the_limit(make_client: ClientFactory) -> None:
    client = make_client(max_upload_bytes=20_000)
    good = valid()["jpeg"]
    assert len(good) < 20_000
    files = [("files", bytes(20_001)), ("files", good), ("files", bytes(20_001))]
    items = client.post("/predict/batch", files=files).json()["results"]
    assert [item["error"] and item["error"]["code"] for item in items] == [
        *("too_large", None, "too_large")
    ]


def test_a_damaged_picture_is_said_to_be_one(client: TestClient, car_jpeg: bytes) -> None:
    for data, damaged in ((car_jpeg, False), (car_jpeg[:-2], True)):
        answer = client.post("/predict/file", files={"file": data}).json()
        assert answer["plate"] == "ABC123"
        assert answer["image"]["damaged"] is damaged

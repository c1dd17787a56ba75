"""`POST /redact`."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import KEY, ClientFactory


def test_a_picture_comes_back_without_its_plate(client: TestClient, car_jpeg: bytes) -> None:
    answer = client.post("/redact", files={"file": ("car.jpg", car_jpeg)})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-plates-redacted"] == "1"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 480))
    again = client.post("/predict/file?min_confidence=0.1", files={"file": answer.content}).json()
    assert "ABC123" not in [plate["plate"] for plate in again["plates"]]
    metrics = client.get("/metrics").text
    assert "alpr_redacted_plates_total 1.0" in metrics


def test_a_damaged_picture_is_said_to_be_one(client: TestClient, car_jpeg: bytes) -> None:
    whole = client.post("/redact", files={"file": car_jpeg})
    assert "x-picture-damaged" not in whole.headers
    cut = client.post("/redact", files={"file": car_jpeg[: len(car_jpeg) * 3 // 4]})
    assert cut.status_code == 200
    assert cut.headers["x-picture-damaged"] == "true"


def test_looking_every_way_counts_as_several_redactions(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(max_in_flight=16)
    service = client.app.state.service  # type: ignore[attr-defined]
    with service.admission.admit(12):
        assert client.post("/redact", files={"file": car_jpeg}).status_code == 200
        for rotate in ("90", "auto"):
            answer = client.post(f"/redact?rotate={rotate}", files={"file": car_jpeg})
            assert_error(answer, 503, "overloaded")


def test_nothing_is_covered_above_the_highest_confidence(
    client: TestClient, car_jpeg: bytes
) -> None:
    answer = client.post("/redact?min_confidence=1", files={"file": car_jpeg})
    assert answer.headers["x-plates-redacted"] == "0"


def test_style(client: TestClient, car_jpeg: bytes) -> None:
    answer = client.post("/redact?style=fill", files={"file": car_jpeg})
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert np.asarray(picture)[300:340, 260:380].max() < 8


@pytest.mark.parametrize("query", ["style=pixelate", "min_confidence=2", "enhance=auto"])
def test_wrong_queries(client: TestClient, car_jpeg: bytes, query: str) -> None:
    answer = client.post(f"/redact?{query}", files={"file": car_jpeg})
    assert_error(answer, 422, "invalid_request")


def test_errors_are_those_of_the_other_endpoints(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(auth="on", api_keys=(KEY,), max_upload_bytes=100_000)
    key = {"X-API-Key": KEY}
    files = {"file": car_jpeg}
    assert_error(client.post("/redact", files=files), 401, "unauthorized")
    no_picture = {"file": b"no picture"}
    assert_error(client.post("/redact", files=no_picture, headers=key), 400, "invalid_image")
    large = {"file": bytes(100_001)}
    assert_error(client.post("/redact", files=large, headers=key), 413, "too_large")
    service = client.app.state.service  # type: ignore[attr-defined]
    with service.admission.admit(service.admission.limit):
        answer = client.post("/redact", files=files, headers=key)
    assert_error(answer, 503, "overloaded")
    assert answer.headers["Retry-After"]


def test_a_picture_that_is_not_done_in_time(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(deadline=1e-6)
    assert_error(client.post("/redact", files={"file": car_jpeg}), 503, "deadline_exceeded")

"""OpenALPR's cloud API, as Home Assistant's integration speaks it."""

import base64
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import KEY, ClientFactory

ROUTE = "/v1/recognize"
QUERY = "secret_key={key}&tasks=plate&return_image=0&country=nz"


@pytest.fixture
def locked(make_client: ClientFactory) -> TestClient:
    return make_client(auth="on", api_keys=(KEY,))


def home_assistant(client: TestClient, picture: bytes, key: str = KEY) -> Any:
    """aiohttp's form: one URL-encoded field."""
    text = quote(base64.b64encode(picture), safe="")
    return client.post(
        f"{ROUTE}?{QUERY.format(key=key)}",
        content=f"image_bytes={text}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def test_the_golden_answer(locked: TestClient, car_jpeg: bytes) -> None:
    response = home_assistant(locked, car_jpeg)
    assert response.status_code == 200
    answer = response.json()
    native = locked.post(
        "/predict/file", files={"file": car_jpeg}, headers={"X-API-Key": KEY}
    ).json()["plates"][0]
    (result,) = answer["plate"]["results"]
    box, confidence = native["bbox"], pytest.approx(100 * native["confidence"], abs=0.01)
    assert result.pop("candidates")[0] == {
        "plate": "ABC123",
        "confidence": confidence,
        "matches_template": 1,
    }
    right, below = box["x"] + box["width"], box["y"] + box["height"]
    assert result == {
        "plate": "ABC123",
        "confidence": confidence,
        "matches_template": 1,
        "region": "nz",
        "region_confidence": pytest.approx(
            100 * sum(candidate["probability"] for candidate in native["candidates"]), abs=1
        ),
        "coordinates": [
            {"x": box["x"], "y": box["y"]},
            {"x": right, "y": box["y"]},
            {"x": right, "y": below},
            {"x": box["x"], "y": below},
        ],
    }
    assert (answer["img_width"], answer["img_height"]) == (640, 480)
    assert answer["plate"]["processing_time_ms"] > 0


def test_a_file_under_the_name_image(client: TestClient, car_jpeg: bytes) -> None:
    answer = client.post(ROUTE, files={"image": car_jpeg}).json()
    assert answer["plate"]["results"][0]["plate"] == "ABC123"


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_key(locked: TestClient, car_jpeg: bytes, key: str) -> None:
    response = home_assistant(locked, car_jpeg, key)
    assert response.status_code == 401
    assert set(response.json()) == {"error", "error_code"}
    assert response.json()["error_code"] == 401


def test_refusals(client: TestClient, car_jpeg: bytes) -> None:
    assert home_assistant(client, b"no picture").status_code == 400
    assert client.post(ROUTE).status_code == 422
    service = client.app.state.service  # type: ignore[attr-defined]
    with service.admission.admit(service.admission.limit):
        response = home_assistant(client, car_jpeg)
    assert response.status_code == 503
    assert response.headers["Retry-After"]


def test_it_can_be_switched_off(make_client: ClientFactory, car_jpeg: bytes) -> None:
    assert home_assistant(make_client(openalpr="off"), car_jpeg).status_code == 404

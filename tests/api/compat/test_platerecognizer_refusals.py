"""What Plate Recognizer's API refuses here, and how."""

import base64
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.compat.snapshot_clients import (
    ROUTE,
    assert_refused,
)
from tests.api.conftest import KEY, ClientFactory

BAD_REQUESTS: list[dict[str, Any]] = [
    {"data": {}},
    {"data": {"upload": ""}},
    {"data": {"upload": "%%%"}},
    {"data": {"upload": "\u20ac"}},
    {"json": {"upload": 7}},
    {"json": ["upload"]},
    {"content": b"{" * 100_000, "headers": {"Content-Type": "application/json"}},
    {"content": b'{"upload": ', "headers": {"Content-Type": "application/json"}},
    {"content": b"\xff\xd8\xff", "headers": {"Content-Type": "image/jpeg"}},
    {"content": b"--X\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=X"}},
    {"data": {"upload_url": "http://127.0.0.1:1/"}},
    {"data": {"upload_url": "file:///etc/passwd"}},
    {"files": {"upload": b"no picture"}},
    {"files": {"picture": b"under another name"}},
]


@pytest.mark.parametrize("request_", BAD_REQUESTS)
def test_bad_requests(client: TestClient, request_: dict[str, Any]) -> None:
    assert_refused(client.post(ROUTE, **request_), 400)


BAD_FIELDS = [
    {"timestamp": "yesterday"},
    {"config": "{"},
    {"config": "[]"},
    {"config": '{"threshold_d": 2}'},
    {"config": '{"threshold_o": "high"}'},
    {"config": '{"text_formats": ["("]}'},
    {"config": '{"text_formats": ["(a)\\\\1"]}'},
    {"config": json.dumps({"text_formats": ["a" * 201]})},
    {"config": json.dumps({"text_formats": ["a"] * 33})},
    {"config": json.dumps({"text_formats": ["((a{1,900}){1,900}){1,900}"]})},
]


@pytest.mark.parametrize("data", BAD_FIELDS)
def test_bad_fields(client: TestClient, car_jpeg: bytes, data: dict[str, str]) -> None:
    assert_refused(client.post(ROUTE, files={"upload": car_jpeg}, data=data), 400)


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize("route", [ROUTE, "/v1/plate-reader", "/v1/blur"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Token {KEY}"}, 200),
        ({"Authorization": f"token {KEY}"}, 200),
        ({"Authorization": basic(f"x:{KEY}")}, 200),
        ({"X-API-Key": KEY}, 200),
        ({}, 403),
        ({"Authorization": "Token wrong"}, 403),
        ({"Authorization": "Token"}, 403),
        ({"Authorization": f"Bearer {KEY}"}, 403),
        ({"Authorization": basic(f"{KEY}:")}, 403),
        ({"Authorization": "Basic %%%"}, 403),
        ({"Authorization": "Basic /w=="}, 403),
    ],
)
def test_authentication(
    locked: TestClient, car_jpeg: bytes, route: str, headers: dict[str, str], status: int
) -> None:
    response = locked.post(route, files={"upload": car_jpeg}, headers=headers)
    assert response.status_code == status
    if status == 403:
        assert response.json() == {"detail": "Invalid token.", "status_code": 403}


@pytest.fixture
def locked(make_client: ClientFactory) -> TestClient:
    return make_client(auth="on", api_keys=(KEY,))


def test_the_key_is_looked_at_before_the_body(locked: TestClient) -> None:
    assert_refused(locked.post(ROUTE, content=bytes(30_000_000)), 403)
    for route in ("/info/", "/v1/statistics/"):
        assert_refused(locked.get(route), 403)


@pytest.mark.parametrize("as_text", [False, True])
def test_too_large(make_client: ClientFactory, as_text: bool) -> None:
    client = make_client(max_upload_bytes=30_000)
    picture = bytes(30_001)
    if as_text:
        response = client.post(ROUTE, data={"upload": base64.b64encode(picture).decode()})
    else:
        response = client.post(ROUTE, files={"upload": picture})
    assert_refused(response, 413)
    assert_refused(client.post(ROUTE, files={"upload": bytes(300_000)}), 413)


def test_overload(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client()
    service = client.app.state.service  # type: ignore[attr-defined]
    with service.admission.admit(service.admission.limit):
        response = client.post(ROUTE, files={"upload": car_jpeg})
    assert response.status_code == 429
    seconds = int(response.headers["Retry-After"])
    unit = "second" if seconds == 1 else "seconds"
    assert response.json() == {
        "detail": f"Request was throttled. Expected available in {seconds} {unit}.",
        "status_code": 429,
    }
    assert client.post(ROUTE, files={"upload": car_jpeg}).status_code == 200


def test_too_slow(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(deadline=1e-6)
    response = client.post(ROUTE, files={"upload": car_jpeg})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"

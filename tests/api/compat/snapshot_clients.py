"""Requests to Plate Recognizer's API as its clients send them."""

import base64
import json
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

ROUTE = "/v1/plate-reader/"
BOUNDARY = "X-RECORDED"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """A body from parts with their headers as recorded."""
    return (
        b"".join(
            f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + value + b"\r\n" for head, value in parts
        )
        + f"--{BOUNDARY}--\r\n".encode()
    )


def field(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"'


def python_requests(picture: bytes) -> tuple[str, bytes]:
    """The official client: no Content-Type in the picture's part, `regions` twice."""
    return MULTIPART, multipart(
        (field("regions"), b"nz"),
        (field("regions"), b"au"),
        (field("mmc"), b"True"),
        (field("camera_id"), b"gate"),
        (field("timestamp"), b"2026-01-01T00:00:00+13:00"),
        (field("config"), b'{"mode": "fast", "detection_mode": "vehicle"}'),
        (field("upload") + '; filename="car.jpg"', picture),
    )


def aiohttp(picture: bytes) -> tuple[str, bytes]:
    """Home Assistant's: Content-Type first, no file extension."""
    return MULTIPART, multipart(
        ("Content-Type: text/plain; charset=utf-8\r\n" + field("camera_id"), b"gate"),
        (
            "Content-Type: text/plain; charset=utf-8\r\n" + field("timestamp"),
            b"2026-01-01T00:00:00+13:00",
        ),
        (
            "Content-Type: application/octet-stream\r\n" + field("upload") + '; filename="car.jpg"',
            picture,
        ),
    )


def curl_base64(picture: bytes) -> tuple[str, bytes]:
    return MULTIPART, multipart(
        (field("camera_id"), b"gate"),
        (field("timestamp"), b"2026-01-01T00:00:00+13:00"),
        (field("upload"), base64.encodebytes(picture)),
    )


def nameless_part(picture: bytes) -> tuple[str, bytes]:
    """The bytes of a picture in a part that says nothing of a file."""
    return MULTIPART, multipart(
        (field("camera_id"), b"gate"),
        (field("timestamp"), b"2026-01-01T00:00:00+13:00"),
        (field("upload"), picture),
    )


def url_encoded(picture: bytes, *, escape: bool) -> tuple[str, bytes]:
    text = base64.b64encode(picture).decode()
    upload = quote(text, safe="") if escape else text
    body = f"camera_id=gate&timestamp=2026-01-01T00:00:00%2B13:00&upload={upload}"
    return "application/x-www-form-urlencoded", body.encode()


def node_red(picture: bytes, *, kind: str = "application/json") -> tuple[str, bytes]:
    body = {
        "upload": "data:image/jpeg;base64," + base64.b64encode(picture).decode(),
        "regions": ["nz"],
        "mmc": False,
        "camera_id": "gate",
        "timestamp": "2026-01-01T00:00:00+13:00",
        "direction": None,
        "config": {"region": "strict", "detection_rule": "strict"},
    }
    return kind, json.dumps(body).encode()


RECORDED = [
    python_requests,
    aiohttp,
    curl_base64,
    nameless_part,
    partial(url_encoded, escape=True),
    partial(url_encoded, escape=False),
    node_red,
    partial(node_red, kind=""),
]


def post(client: TestClient, request: tuple[str, bytes], **headers: str) -> Any:
    kind, body = request
    sent = {"Content-Type": kind} if kind else {}
    return client.post(ROUTE, content=body, headers={**sent, **headers})


def assert_refused(response: Any, status: int) -> None:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"detail", "status_code"}
    assert body["status_code"] == status
    assert body["detail"]

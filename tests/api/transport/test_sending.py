"""Every way in which clients send a picture, on every route that takes one."""

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import ClientFactory

ROUTES = {
    "/predict/file": "file",
    "/predict/batch": "files",
    "/redact": "file",
    "/v1/plate-reader/": "upload",
    "/v1/blur": "upload",
    "/v1/vision/alpr": "upload",
    "/v1/image/alpr": "image",
    "/v1/recognize": "image",
}
"""Routes and the field that the picture is sent in."""
FORMS = {
    "plain name": '; filename="car.jpg"',
    "empty name": '; filename=""',
    "extended name": "; filename*=UTF-8''ca%20r.jpg",
    "quoted extended name": "; filename*=\"utf-8'en'car.jpg\"",
    "extended name in Latin-1": "; filename*=ISO-8859-1''caf%E9.jpg",
    "no name": "",
    "no name but a type": "\r\nContent-Type: image/jpeg",
    "both names": "; filename=\"car.jpg\"; filename*=UTF-8''car.jpg",
}
BODIES = ["image/jpeg", "image/png", "IMAGE/*; q=1", "application/octet-stream", ""]
"""Content-Types of a picture that is the whole body; the bytes tell what it is."""


def form(field: str, kind: str, picture: bytes) -> dict[str, object]:
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"{FORMS[kind]}\r\n\r\n'
    return {
        "content": head.encode() + picture + b"\r\n--x--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    }


def assert_read(client: TestClient, route: str, request: dict[str, object]) -> None:
    answer = client.post(route, **request)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    if route == "/redact":
        assert answer.headers["X-Plates-Redacted"] == "1"
    elif route == "/v1/blur":
        assert len(answer.json()["plates"]) == 1
    else:
        assert "ABC123" in answer.text.upper()


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("route", ROUTES)
def test_forms(client: TestClient, route: str, kind: str, car_jpeg: bytes) -> None:
    assert_read(client, route, form(ROUTES[route], kind, car_jpeg))


@pytest.mark.parametrize("content_type", BODIES)
@pytest.mark.parametrize("route", ROUTES)
def test_bodies(client: TestClient, route: str, content_type: str, car_jpeg: bytes) -> None:
    assert_read(client, route, {"content": car_jpeg, "headers": {"Content-Type": content_type}})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("plain name", "car.jpg"),
        ("extended name", "ca r.jpg"),
        ("quoted extended name", "car.jpg"),
        ("extended name in Latin-1", "caf\xe9.jpg"),
        ("both names", "car.jpg"),
        ("no name", None),
    ],
)
def test_names(client: TestClient, kind: str, name: str | None, car_jpeg: bytes) -> None:
    answer = client.post("/predict/batch", **form("files", kind, car_jpeg))  # type: ignore[arg-type]
    assert [item["filename"] for item in answer.json()["results"]] == [name]


@pytest.mark.parametrize("kind", FORMS)
def test_limits_hold_however_it_is_sent(make_client: ClientFactory, kind: str) -> None:
    client = make_client(max_upload_bytes=1000)
    for route, field in ROUTES.items():
        answer = client.post(route, **form(field, kind, bytes(1001)))  # type: ignore[arg-type]
        assert "more than 1000 bytes" in answer.text, route
    for route in ROUTES:
        answer = client.post(route, content=bytes(1001), headers={"Content-Type": "image/jpeg"})
        assert "more than 1" in answer.text, route


@pytest.mark.parametrize("kind", FORMS)
def test_the_number_of_files_is_limited(client: TestClient, kind: str) -> None:
    for route, field in ROUTES.items():
        one = form(field, kind, b"\0")
        content = bytes(one["content"]).removesuffix(b"--x--\r\n")  # type: ignore[call-overload]
        answer = client.post(route, content=content * 99 + b"--x--\r\n", headers=one["headers"])  # type: ignore[arg-type]
        assert "more than" in answer.text, route

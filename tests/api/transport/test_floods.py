"""Bodies that cost a parser most for their size: counted before they are parsed, and refused."""

import pytest
from starlette.testclient import TestClient

from tests.fuzz.bodies import floods

FLOODS = [
    pytest.param(content_type, body, id=f"{number} {body[:20]!r}")
    for number, (content_type, body) in enumerate(floods())
]


@pytest.mark.parametrize(("content_type", "body"), FLOODS)
def test_floods_are_refused(client: TestClient, content_type: bytes, body: bytes) -> None:
    headers = {b"Content-Type": content_type}
    for route, field in (("/v1/plate-reader/", b"upload"), ("/v1/recognize", b"image_bytes")):
        sent = body.replace(b"FIELD", field, 1)
        answer = client.post(route, content=sent, headers=headers)
        assert 400 <= answer.status_code < 500, route


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{" + b",".join(b'"a%d":1' % number for number in range(4000)) + b"}", "too many"),
        (b"{" + b",".join(b'"a%d":1' % number for number in range(40)) + b"}", "more than 32"),
        (b'{"regions":[' + b'"nz",' * 40 + b'"nz"]}', "more than 32"),
        (b'{"upload":' + b"[" * 300, "neither"),
        (b'{"camera_id":"' + b"\\n" * 10_000 + b'"}', "too many"),
        (b'{"camera_id":"\\ud800"}', "neither"),
        (b"&".join([b"a=1"] * 33), "more than 32"),
    ],
)
def test_counts_have_limits(client: TestClient, body: bytes, error: str) -> None:
    answer = client.post("/v1/plate-reader/", content=body)
    assert answer.status_code == 400
    assert error in answer.json()["detail"]


@pytest.mark.parametrize("field", ["config", "camera_id", "timestamp", "upload_url", "mmc"])
def test_texts_have_limits(client: TestClient, field: str, car_jpeg: bytes) -> None:
    answer = client.post(
        "/v1/plate-reader/", files={"upload": car_jpeg}, data={field: "a" * 70_000}
    )
    read_at_all = field != "upload_url"  # a file is there, so nobody looks at the address
    assert answer.status_code == (413 if read_at_all else 200)

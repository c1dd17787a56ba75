"""Bodies that are not what an endpoint takes."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.good import valid

MULTIPART = "multipart/form-data; boundary=x"


def part(content: bytes, disposition: str = 'form-data; name="file"; filename="a.jpg"') -> bytes:
    head = f"--x\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


END = b"--x--\r\n"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"image": valid()["jpeg"]}, id="wrong field"),
        pytest.param({"FILE": valid()["jpeg"]}, id="field in capitals"),
        pytest.param([("file", valid()["jpeg"])] * 2, id="two files"),
        pytest.param([("file", b"")] * 40, id="forty files"),
    ],
)
def test_wrong_files(client: TestClient, files: Any) -> None:
    assert_error(client.post("/predict/file", files=files), 422, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(END, id="no part"),
        pytest.param(b"\x00" * 500, id="zeros"),
        pytest.param(part(b"abc", "form-data") + END, id="part without a name"),
        pytest.param(part(b"abc", "") + END, id="empty disposition"),
        pytest.param(b"--x\r\n\r\nabc\r\n" + END, id="part without headers"),
        pytest.param(part(valid()["jpeg"])[:-500], id="truncated"),
        pytest.param(part(valid()["jpeg"]), id="no final boundary"),
        pytest.param(part(b"abc").replace(b"--x", b"--y") + END, id="other boundary"),
        pytest.param(b"--x\r\n" + b"A" * 100_000 + b": b\r\n\r\nabc\r\n" + END, id="huge header"),
        pytest.param(b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\nabc\r\n" + END, id="20,000 headers"),
        pytest.param(
            b"".join(part(b"a", f'form-data; name="f{n}"') for n in range(100)) + END,
            id="a hundred fields",
        ),
        pytest.param(part(b"a" * 2_000_000, 'form-data; name="f"') + END, id="huge field"),
        pytest.param(b"--x\r\nContent-Disposition form-data\r\n\r\nabc\r\n" + END, id="no colon"),
        pytest.param(b"--x\nContent-Disposition: form-data\n\nabc\n--x--\n", id="bare newlines"),
    ],
)
def test_damaged_forms(client: TestClient, body: bytes) -> None:
    response = client.post("/predict/file", content=body, headers={"Content-Type": MULTIPART})
    assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/form-data; charset=base64",
        "multipart/form-data; boundary=y; charset=undefined",
    ],
)
def test_forms_with_a_bad_boundary(client: TestClient, content_type: str) -> None:
    body = part(valid()["jpeg"]) + END
    response = client.post("/predict/file", content=body, headers={"Content-Type": content_type})
    assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize("charset", ["undefined", "base64", "idna", "punycode", "nonsense", "\x80"])
def test_odd_charsets_are_no_fault_of_ours(client: TestClient, charset: str) -> None:
    response = client.post(
        "/predict/file",
        content=part(valid()["jpeg"], 'form-data; name="file"; filename="\xe4\x80"') + END,
        headers={b"Content-Type": f"{MULTIPART}; charset={charset}".encode("latin-1")},
    )
    assert response.status_code in (200, 422)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "multipart/mixed", "application/x-www-form-urlencoded"],
)
def test_other_content_types(client: TestClient, content_type: str) -> None:
    response = client.post(
        "/predict/file", content=valid()["jpeg"], headers={"Content-Type": content_type}
    )
    assert_error(response, 415, "unsupported_media_type")


def test_a_declared_length_over_the_limit_is_refused_at_once(make_client: ClientFactory) -> None:
    client = make_client(max_upload_bytes=1000)
    response = client.post("/predict/file", files={"file": bytes(200_000)})
    assert_error(response, 413, "too_large")


def test_too_many_files_in_a_batch(make_client: ClientFactory) -> None:
    client = make_client(max_batch_files=2)
    response = client.post("/predict/batch", files=[("files", b"a")] * 3)
    assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"https://example.com/a.jpg"',
        b"{}",
        b"{",
        b'{"url": null}',
        b'{"url": 3}',
        b'{"url": []}',
        b'{"url": ""}',
        b'{"url": "no url"}',
        b'{"url": "https://example.com/a.jpg", "other": 1}',
        b'{"URL": "https://example.com/a.jpg"}',
        b'{"url": "https://example.com/a.jpg"} trailing',
        b'{"url": "\\ud800"}',
        b'{"\\ud800": 1, "url": "https://example.com/a.jpg"}',
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        b"[" * 60_000,
        b'{"url": ' + b"1" * 60_000 + b"}",
        b"url=https://example.com/a.jpg",
        json.dumps({"url": "https://example.com/" + "a" * 5000}).encode(),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_wrong_json(client: TestClient, body: bytes) -> None:
    response = client.post("/predict/url", content=body)
    assert_error(response, 422, "invalid_request")


def test_huge_json(client: TestClient) -> None:
    response = client.post("/predict/url", json={"url": "https://example.com/" + "a" * 100_000})
    assert_error(response, 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/predict/file", "/predict/url", "/predict/batch")),
        *(("POST", path) for path in ("/", "/health", "/health/ready", "/metrics")),
        ("DELETE", "/predict/file"),
        ("PUT", "/health"),
        ("TRACE", "/health"),
        ("BREW", "/predict/file"),
    ],
)
def test_wrong_methods(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert_error(response, 405, "method_not_allowed")
    assert response.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/predict", "/predict/files", "/admin", "/.env", "/../etc/passwd", "/%2e%2e/x", "/health/x"],
)
def test_unknown_paths(client: TestClient, path: str) -> None:
    assert_error(client.get(path), 404, "not_found")

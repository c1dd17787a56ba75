"""What monitors and browsers ask before, or instead of, the request itself."""

import pytest
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import KEY, ClientFactory
from tests.api.exposition import Samples
from tests.servers import Server

GETS = [
    *("/", "/health", "/health/live", "/health/ready", "/metrics", "/settings", "/docs"),
    *("/docs/swagger-ui.css", "/openapi.json", "/console/main.js", "/v1/status/ping"),
    "/cameras",
    *("/v1/server/status/ping", "/v1/statistics/", "/info/"),
]


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["X-Request-ID"]


def test_every_get_takes_head(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    gets = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
    assert len(gets) >= 6
    for path in gets:
        assert client.head(path).status_code == 200, path


def test_head_on_a_real_server(server: Server) -> None:
    """A server that promised a body and sent none would keep the connection waiting."""
    with server.connect() as connection:
        for path in (b"/health/live", b"/metrics", b"/"):
            connection.sendall(b"HEAD " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                chunk = connection.recv(4096)
                assert chunk
                answer += chunk
            assert answer.startswith(b"HTTP/1.1 200")


def test_heads_are_counted_as_such(make_client: ClientFactory) -> None:
    client = make_client()
    client.head("/health")
    found = Samples(client.get("/metrics").text)
    labels = {"method": "HEAD", "route": "/health", "status": "200"}
    assert found.value("alpr_http_requests_total", **labels) == 1


def test_head_where_only_post_is_taken(client: TestClient) -> None:
    assert client.head("/predict/file").status_code == 405


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Accept": "text/html;q=0.5," * 5000}, "/"),
        ({f"X-{number}": "a" * 90 for number in range(200)}, "/health"),
        ({"Authorization": "Basic " + "a" * 20_000}, "/v1/plate-reader/"),
        ({"Content-Type": "multipart/form-data" + ";a=b" * 5000}, "/predict/file"),
        ({}, "/health?" + "a&" * 9000),
        ({}, "/" + "a/" * 9000),
    ],
)
def test_long_heads_are_refused(client: TestClient, headers: dict[str, str], path: str) -> None:
    response = client.request("POST" if "pr" in path else "GET", path, headers=headers)
    assert_error(response, 431, "headers_too_large")


def _preflight(client: TestClient, header: str) -> int:
    return client.options(
        "/v1/plate-reader/",
        headers={
            "Origin": "https://a.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": header,
        },
    ).status_code


def test_browsers_may_send_a_key_and_read_what_comes_back(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(cors_origins=("https://a.example",), auth="on", api_keys=(KEY,))
    for header in ("authorization", "x-api-key", "content-type", "x-request-id"):
        assert _preflight(client, header) == 200, header
    assert _preflight(client, "x-other") == 400
    answer = client.post(
        "/redact",
        files={"file": car_jpeg},
        headers={"Origin": "https://a.example", "X-API-Key": KEY},
    )
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Plates-Redacted", "X-Request-ID", "Retry-After"} <= set(exposed)
    assert answer.headers["X-Plates-Redacted"] == "1"

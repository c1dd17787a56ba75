"""CodeProject.AI's API, driven by its client on PyPI and by recorded requests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from codeprojectai.core import CodeProjectAIException, process_image
from starlette.testclient import TestClient

from app import __version__
from app.vision.pipeline import PlatePipeline
from tests.api.conftest import KEY, ClientFactory
from tests.pictures import draw_car, encode
from tests.servers import Server

ROUTE = "/v1/vision/alpr"


@pytest.fixture(scope="module")
def cameras(weights_environment: dict[str, str]) -> Iterator[Server]:
    """A server as the owner of a camera runs it: keys for others, this API open."""
    environment = {
        "ALPR_API_KEYS": KEY,
        "ALPR_CODEPROJECT": "open",
        "ALPR_MAX_UPLOAD_BYTES": "111111",
        "ALPR_MAX_IN_FLIGHT": "2",
        "ALPR_MAX_BATCH_FILES": "2",
    }
    with Server(weights_environment | environment) as server:
        yield server


def ask(server: Server, picture: bytes, min_confidence: float = 0.6) -> dict[str, Any]:
    answer: dict[str, Any] = process_image(
        url=f"{server.url}{ROUTE}",
        image_bytes=picture,
        min_confidence=min_confidence,
        timeout=120,
        data={},
    )
    return answer


def test_the_client_gets_the_golden_answer(cameras: Server, car_jpeg: bytes) -> None:
    answer = ask(cameras, car_jpeg)
    native = requests.post(
        f"{cameras.url}/predict/file",
        files={"file": car_jpeg},
        headers={"X-API-Key": KEY},
        timeout=120,
    ).json()["plates"][0]
    box = native["bbox"]
    timings = {
        name: answer.pop(name) for name in ("processMs", "inferenceMs", "analysisRoundTripMs")
    }
    assert all(type(value) is int for value in timings.values())
    assert 0 < timings["inferenceMs"] <= timings["processMs"] <= timings["analysisRoundTripMs"]
    assert parsedate_to_datetime(answer.pop("timestampUTC")).year >= 2026
    assert answer.pop("requestId")
    assert answer == {
        "success": True,
        "message": "Found Plate: ABC123",
        "predictions": [
            {
                "confidence": native["confidence"],
                "label": "Plate: ABC123",
                "plate": "ABC123",
                "x_min": box["x"],
                "y_min": box["y"],
                "x_max": box["x"] + box["width"],
                "y_max": box["y"] + box["height"],
            }
        ],
        "count": 1,
        "moduleId": "ALPR",
        "moduleName": "License Plate Reader",
        "code": 200,
        "command": "alpr",
        "inferenceDevice": "CPU",
        "processedBy": "localhost",
    }


def test_the_client_gets_an_empty_answer(cameras: Server) -> None:
    answer = ask(cameras, encode(draw_car("ABC123")[:100], ".jpg"))
    assert answer["success"] is True
    assert answer["predictions"] == []
    assert answer["count"] == 0
    assert answer["message"] == "No plates found"


@pytest.mark.parametrize(
    ("picture", "error"), [(b"no picture", "not an image"), (b"\0" * 111_112, "more than")]
)
def test_the_client_is_told_of_failures_without_an_exception(
    cameras: Server, picture: bytes, error: str
) -> None:
    answer = ask(cameras, picture)
    assert set(answer) == {"success", "error", "code"}
    assert answer["success"] is False
    assert answer["code"] == 500
    assert error in answer["error"]


def test_the_client_never_raises_under_overload(cameras: Server, car_jpeg: bytes) -> None:
    with ThreadPoolExecutor(12) as cars:
        answers = list(cars.map(lambda _: ask(cameras, car_jpeg), range(24)))
    refused = [answer for answer in answers if not answer["success"]]
    assert 0 < len(refused) < len(answers)
    assert all("in flight" in answer["error"] for answer in refused)


def test_the_client_raises_on_any_other_status(cameras: Server, car_jpeg: bytes) -> None:
    with pytest.raises(CodeProjectAIException):
        process_image(f"{cameras.url}/v1/vision/face", car_jpeg, 0.6, 20, {})


def recorded(port: int, *head: str, body: bytes) -> bytes:
    lines = [*head, f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_blue_iris_gets_one_whole_plain_answer(cameras: Server, car_jpeg: bytes) -> None:
    """HTTP/1.1 as it came over the wire: no Content-Type in the part, compression offered."""
    body = (
        b"--bi\r\n"
        b'Content-Disposition: form-data; name="min_confidence"\r\n\r\n0.40\r\n'
        b"--bi\r\n"
        b'Content-Disposition: form-data; name="image"; filename="image.jpg"\r\n\r\n'
        + car_jpeg
        + b"\r\n--bi--\r\n"
    )
    request = recorded(
        cameras.port,
        "POST /v1/vision/alpr HTTP/1.1",
        "Content-Type: multipart/form-data; boundary=bi",
        "Accept-Encoding: gzip, deflate, br",
        body=body,
    )
    with cameras.connect() as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    headers = head.decode().lower().split("\r\n")
    assert headers[0] == "http/1.1 200 ok"
    assert f"content-length: {len(content)}" in headers
    assert not any(line.startswith(("transfer-encoding", "content-encoding")) for line in headers)
    assert b'"plate":"ABC123"' in content


@pytest.fixture(scope="module")
def open_client(client: TestClient) -> TestClient:
    """Without authentication everything is open, these routes too."""
    return client


@pytest.mark.parametrize("route", [ROUTE, "/v1/image/alpr"])
@pytest.mark.parametrize("field", ["upload", "image", "anything"])
def test_the_first_file_counts_whatever_its_name(
    open_client: TestClient, car_jpeg: bytes, route: str, field: str
) -> None:
    files = [(field, ("a", car_jpeg)), ("upload", ("b", b"no picture"))]
    assert open_client.post(route, files=files).json()["predictions"][0]["plate"] == "ABC123"


@pytest.mark.parametrize(
    ("form", "query", "count"),
    [
        ("0.1", "", 1),
        ("1", "", 0),
        (None, "?min_confidence=1", 0),
        ("0.1", "?min_confidence=1", 1),
        ("0,4", "", 1),
        ("40", "", 1),
        ("100", "", 0),
        ("4e-1", "", 1),
    ],
)
def test_min_confidence_of_form_and_query(
    open_client: TestClient, car_jpeg: bytes, form: str | None, query: str, count: int
) -> None:
    data = {} if form is None else {"min_confidence": form}
    answer = open_client.post(ROUTE + query, files={"upload": car_jpeg}, data=data).json()
    assert answer["success"] is True
    assert answer["count"] == count


def failure(client: TestClient, headers: dict[str, str] | None = None, **request: Any) -> str:
    answer = client.post(ROUTE, headers=headers, **request)
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(answer.content))
    body = answer.json()
    assert set(body) == {"success", "error", "code"}
    assert (body["success"], body["code"]) == (False, 500)
    return str(body["error"])


def test_without_the_setting_a_key_is_needed(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(auth="on", api_keys=(KEY,))
    files = {"upload": car_jpeg}
    assert "API key" in failure(client, files=files)
    assert "API key" in failure(client, files=files, headers={"X-API-Key": "wrong"})
    with_key = client.post(ROUTE, files=files, headers={"X-API-Key": KEY})
    assert with_key.json()["success"] is True
    assert client.get("/v1/status/ping").json()["success"] is True


def test_overload_and_broken_requests_are_failures(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client()
    files = {"upload": car_jpeg}
    service = client.app.state.service  # type: ignore[attr-defined]
    with service.admission.admit(service.admission.limit):
        assert "in flight" in failure(client, files=files)
    assert "no picture" in failure(client, data={"min_confidence": "0.4"})
    assert "no picture" in failure(client, content=b"?", headers={"Content-Type": "image/jpeg"})
    for confidence in ("high", "nan", "inf", "-0.1", "101", "1e999", "0,4,0", "0x1"):
        data = {"min_confidence": confidence}
        assert "min_confidence" in failure(client, files=files, data=data), confidence
    refused = client.get("/metrics").text
    assert 'alpr_refused_requests_total{code="overloaded"} 1.0' in refused


def test_faults_nobody_foresaw_are_failures_too(
    make_client: ClientFactory, car_jpeg: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client()
    client.app.state.service.admission = None  # type: ignore[attr-defined]
    assert "failed" in failure(client, files={"upload": car_jpeg})
    assert "request failed" in caplog.text


@pytest.mark.parametrize("route", ["/v1/status/ping", "/v1/server/status/ping"])
def test_ping(open_client: TestClient, route: str) -> None:
    answer = open_client.get(route).json()
    assert answer == {
        "success": True,
        "code": 200,
        "hostname": "localhost",
        "message": __version__,
        "version": answer["version"],
    }
    assert ".".join(str(number) for number in answer["version"].values()) == __version__


def test_ping_fails_while_draining(make_client: ClientFactory) -> None:
    client = make_client()
    client.app.state.service.draining = True  # type: ignore[attr-defined]
    assert client.get("/v1/status/ping").json()["success"] is False


def test_there_are_no_custom_models(open_client: TestClient) -> None:
    answer = open_client.post("/v1/vision/custom/list").json()
    assert answer["success"] is True
    assert answer["models"] == []


@pytest.mark.parametrize(("setting", "plate"), [("raw", "ABC123"), ("corrected", "ABC128")])
def test_raw_or_corrected_text_by_setting(
    make_client: ClientFactory,
    correcting: PlatePipeline,
    car_jpeg: bytes,
    setting: str,
    plate: str,
) -> None:
    client = make_client(pipeline=correcting, compat_plate=setting)
    answer = client.post(ROUTE, files={"upload": car_jpeg}).json()
    assert answer["predictions"][0]["plate"] == plate

"""Every metric moves when, and only when, what it counts happens."""

import copy
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.building import build_pipeline
from app.config import Settings
from app.vision.backends.runtime import Runtime, choose_runtime
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import resolve_weights
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples

STAGES = ("queue", "decode", "detect", "ocr", "interpret")


def samples(client: TestClient) -> Samples:
    return Samples(client.get("/metrics").text)


def outcomes(client: TestClient) -> dict[str, float]:
    found = samples(client)
    statuses = ("success", "low_confidence", "failure", "error")
    return {status: found.value("alpr_predictions_total", status=status) for status in statuses}


class FailingSession:
    """A network that loads but cannot run."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, *arguments: object) -> None:
        raise RuntimeError("CUDA out of memory at 0x7f00")


def failing(settings: Settings, part: str) -> PlatePipeline:
    """A pipeline with a detector or recognizer that fails on every run."""
    broken = build_pipeline(settings, resolve_weights(settings), threads=1)
    network = getattr(broken, part)
    network.session = FailingSession(network.session)
    return broken


def test_outcomes_of_readings(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client(low_confidence=0.5)
    client.post("/predict/file", files={"file": car_jpeg})
    assert outcomes(client) == {"success": 1, "low_confidence": 0, "failure": 0, "error": 0}
    client.post("/predict/file?min_confidence=1", files={"file": car_jpeg})
    assert outcomes(client) == {"success": 1, "low_confidence": 0, "failure": 1, "error": 0}
    doubtful = make_client(low_confidence=1.0)
    doubtful.post("/predict/batch", files=[("files", car_jpeg)] * 3)
    assert outcomes(doubtful) == {"success": 0, "low_confidence": 3, "failure": 0, "error": 0}


@pytest.mark.parametrize("part", ["detector", "recognizer"])
def test_a_network_that_fails_is_a_500_without_details(
    make_client: ClientFactory,
    settings: Settings,
    part: str,
    car_jpeg: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = make_client(pipeline=failing(settings, part))
    response = client.post("/predict/file", files={"file": car_jpeg})
    assert_error(response, 500, "inference_failed")
    assert "CUDA" not in response.text
    assert outcomes(client) == {"success": 0, "low_confidence": 0, "failure": 0, "error": 1}
    assert "CUDA out of memory" in caplog.text  # for the operator
    batch = client.post("/predict/batch", files=[("files", car_jpeg), ("files", b"")])
    assert [item["error"]["code"] for item in batch.json()["results"]] == [
        *("inference_failed", "empty_image")
    ]
    assert outcomes(client)["error"] == 2


def test_an_unforeseen_fault_is_a_500_with_its_id(
    make_client: ClientFactory,
    pipeline: PlatePipeline,
    car_jpeg: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = copy.copy(pipeline)
    broken.decoder = None  # type: ignore[assignment]
    client = make_client(pipeline=broken)
    response = client.post(
        "/predict/file", files={"file": car_jpeg}, headers={"X-Request-ID": "fault-1"}
    )
    assert_error(response, 500, "internal_error")
    assert response.headers["X-Request-ID"] == "fault-1"
    assert "NoneType" not in response.text
    assert "'NoneType' object" in caplog.text
    found = samples(client)
    assert found.value("alpr_predictions_total", status="error") == 1
    assert found.value("alpr_refused_requests_total", code="internal_error") == 1
    assert (
        found.value("alpr_http_requests_total", method="POST", route="/predict/file", status="500")
        == 1
    )


def test_a_fault_outside_the_reading_is_a_500_with_its_id(
    make_client: ClientFactory, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client()
    client.app.state.service.weights = None  # type: ignore[attr-defined]
    response = client.get("/health", headers={"X-Request-ID": "fault-2"})
    assert_error(response, 500, "internal_error")
    assert response.headers["X-Request-ID"] == "fault-2"
    assert "'NoneType' object" in caplog.text
    found = samples(client)
    assert found.value("alpr_refused_requests_total", code="internal_error") == 1
    labels = {"method": "GET", "route": "/health", "status": "500"}
    assert found.value("alpr_http_requests_total", **labels) == 1


def test_rejections_by_reason(
    make_client: ClientFactory, settings: Settings, car_jpeg: bytes
) -> None:
    narrow = settings.model_copy(update={"min_aspect_ratio": 6.0})
    client = make_client(pipeline=build_pipeline(narrow, resolve_weights(narrow), threads=1))
    client.post("/predict/file", files={"file": car_jpeg})
    found = samples(client)
    assert found.value("alpr_rejected_detections_total", reason="aspect_ratio") == 1
    assert found.value("alpr_rejected_detections_total", reason="confidence") == 0
    usual = make_client()
    usual.post("/predict/file?min_confidence=1", files={"file": car_jpeg})
    found = samples(usual)
    assert found.value("alpr_rejected_detections_total", reason="aspect_ratio") == 0
    assert found.value("alpr_rejected_detections_total", reason="confidence") == 1
    assert found.value("alpr_confidence_score_count") == 0


def test_histograms_of_one_reading(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client()
    body = client.post("/predict/file", files={"file": car_jpeg}).json()
    found = samples(client)
    for stage in STAGES:
        assert found.value("alpr_stage_duration_seconds_count", stage=stage) == 1
        assert found.value("alpr_stage_duration_seconds_sum", stage=stage) == pytest.approx(
            body["timings_ms"][stage] / 1e3, abs=1e-5
        )
    assert found.value("alpr_inference_duration_seconds_count") == 1
    busy = (body["timings_ms"]["total"] - body["timings_ms"]["queue"]) / 1e3
    assert found.value("alpr_inference_duration_seconds_sum") == pytest.approx(busy, abs=1e-4)
    assert found.value("alpr_confidence_score_sum") == pytest.approx(body["confidence"], abs=1e-4)
    edges = [
        float(labels["le"]) for labels in found.labels("alpr_inference_duration_seconds_bucket")
    ]
    assert min(edges) == 0.005
    assert 5.0 in edges


def picture_errors(client: TestClient, work: str, code: str) -> float:
    return samples(client).value("alpr_picture_errors_total", work=work, code=code)


def test_each_failing_item_of_a_batch_is_counted(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(max_upload_bytes=len(car_jpeg))
    answer = client.post(
        "/predict/batch",
        files=[("files", body) for body in (car_jpeg, b"", b"no picture", car_jpeg + b"x")],
    )
    assert answer.status_code == 200
    for code in ("empty_image", "invalid_image", "too_large"):
        assert picture_errors(client, "read", code) == 1, code
    found = samples(client)
    assert found.value("alpr_picture_duration_seconds_count", work="read") == 4
    assert found.value("alpr_refused_requests_total", code="empty_image") == 0


def test_a_batch_past_its_deadline_raises_every_count_that_alerts_watch(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(deadline=1e-6)
    answer = client.post("/predict/batch", files=[("files", car_jpeg)] * 3)
    assert {item["error"]["code"] for item in answer.json()["results"]} == {"deadline_exceeded"}
    assert picture_errors(client, "read", "deadline_exceeded") == 3
    assert outcomes(client)["error"] == 3
    assert samples(client).value("alpr_picture_duration_seconds_count", work="read") == 3


def test_a_failure_answered_with_200_is_counted(
    make_client: ClientFactory, settings: Settings, car_jpeg: bytes
) -> None:
    client = make_client(pipeline=failing(settings, "detector"), codeproject="open")
    answer = client.post("/v1/vision/alpr", files={"upload": car_jpeg})
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert picture_errors(client, "read", "inference_failed") == 1
    assert outcomes(client)["error"] == 1


def test_a_redaction_is_counted_with_its_stages_and_passes(
    make_client: ClientFactory, settings: Settings, car_jpeg: bytes
) -> None:
    client = make_client()
    client.post("/redact", files={"file": car_jpeg})
    found = samples(client)
    for stage in ("queue", "decode", "detect", "redact"):
        assert found.value("alpr_stage_duration_seconds_count", stage=stage) == 1, stage
    assert found.value("alpr_detector_passes_total") > 1  # the whole picture, and windows of it
    assert found.value("alpr_redacted_plates_total") > 0
    assert found.value("alpr_picture_duration_seconds_count", work="redact") == 1
    assert sum(outcomes(client).values()) == 0
    broken = make_client(pipeline=failing(settings, "detector"))
    assert_error(broken.post("/redact", files={"file": car_jpeg}), 500, "inference_failed")
    assert picture_errors(broken, "redact", "inference_failed") == 1
    assert sum(outcomes(broken).values()) == 0


def test_a_refused_picture_is_no_prediction(make_client: ClientFactory) -> None:
    client = make_client()
    client.post("/predict/file", files={"file": b"no picture"})
    client.post("/predict/file", files={"other": b""})
    client.get("/nowhere")
    client.get("/predict/file")
    found = samples(client)
    assert sum(outcomes(client).values()) == 0
    for code in ("invalid_image", "invalid_request", "not_found", "method_not_allowed"):
        assert found.value("alpr_refused_requests_total", code=code) == 1, code


def test_http_by_route_template_and_status(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client()
    for number in range(5):
        client.get(f"/nowhere/{number}")
        client.request(f"VERB{number}", "/predict/file")
    client.post("/predict/file?min_confidence=0.3", files={"file": car_jpeg})
    client.post("/predict/file", files={"file": b"x"})
    found = samples(client)

    def requests(method: str, route: str, status: int) -> float:
        return found.value(
            "alpr_http_requests_total", method=method, route=route, status=str(status)
        )

    assert requests("POST", "/predict/file", 200) == 1
    assert requests("POST", "/predict/file", 400) == 1
    assert requests("GET", "unmatched", 404) == 5
    assert requests("other", "/predict/file", 405) == 5
    assert found.value("alpr_http_request_duration_seconds_count", route="/predict/file") == 7
    assert {label["route"] for label in found.labels("alpr_http_requests_total")} == {
        *("unmatched", "/predict/file")
    }


def test_corrections_are_counted(
    make_client: ClientFactory, correcting: PlatePipeline, car_jpeg: bytes
) -> None:
    client = make_client(pipeline=correcting)
    for _ in range(2):
        body = client.post("/predict/file", files={"file": car_jpeg}).json()
        assert body["corrected_plate"] == "ABC128"
    assert samples(client).value("alpr_corrected_plates_total") == 2
    plain = make_client()
    assert plain.post("/predict/file", files={"file": car_jpeg}).json()["plate"] == "ABC123"
    assert samples(plain).value("alpr_corrected_plates_total") == 0


def test_build_and_model_info(client: TestClient) -> None:
    found = samples(client)
    (build,) = found.labels("alpr_build_info")
    assert build["version"]
    assert build["python"]
    health = client.get("/health").json()
    models = {labels["kind"]: labels for labels in found.labels("alpr_model_info")}
    for kind in ("detector", "ocr"):
        assert models[kind]["model"] == health[kind]["name"]
        assert models[kind]["provider"] == health[kind]["provider"]
        runtime = Runtime(*(health[kind][key] for key in ("backend", "device", "precision")))
        assert runtime == choose_runtime()
        assert runtime.provider == health[kind]["provider"]
    assert health["ocr"]["calibration"]
    assert 0.85 <= health["ocr"]["correction_threshold"] <= 1


def test_the_exposition_says_what_it_is(client: TestClient) -> None:
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain; version=")

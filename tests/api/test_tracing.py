"""Traces, as a collector gets them by OTLP."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.testclient import TestClient

from app.api.tracing.opening import log_fields, open_tracing
from app.config import Settings
from app.errors import NotInstalled
from app.passes.records import NewPass
from tests.api.conftest import ClientFactory
from tests.api.test_logs import log  # noqa: F401
from tests.api.test_store import AUTH, JPEG, KEYS
from tests.passes.made import made
from tests.passes.notifying import SECRET
from tests.passes.receivers import Receiver, Reply, Request
from tests.servers import eventually

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
STAGES = ["queue", "decode", "detect", "ocr", "interpret"]


class Collector(Receiver):
    """Takes what exporters send."""

    def spans(self, trace: str = TRACE) -> dict[str, Span]:
        """Those of one trace, by their names."""
        return {span.name: span for span in self.every() if span.trace_id.hex() == trace}

    def every(self) -> list[Span]:
        found = []
        for request in [*self.requests]:
            sent = ExportTraceServiceRequest.FromString(request.body)
            for resource in sent.resource_spans:
                assert _attributes(resource.resource)["service.name"] == "nz-alpr"
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found

    @property
    def raw(self) -> bytes:
        return b"".join(request.body for request in self.requests)


def _attributes(of: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector(lambda request: Reply(200)) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        yield collector


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def traced(
    make_client: ClientFactory, tmp_path: Path, collector: Collector, hook: Receiver
) -> TestClient:
    """An application that keeps passes and tells `hook` of them."""
    file = tmp_path / "targets.yml"
    file.write_text(f"targets:\n  hook:\n    url: {hook.url}/s3cret\n    secret: {SECRET}\n")
    return make_client(
        traces="on",
        store="on",
        store_path=tmp_path / "store",
        notify_file=file,
        url_private_hosts=("127.0.0.1",),
        auth="on",
        api_keys=KEYS,
    )


def test_a_picture_is_one_trace_from_its_caller_to_who_is_told(
    traced: TestClient, collector: Collector, hook: Receiver, car_jpeg: bytes
) -> None:
    answer = traced.post(
        "/predict/file", params={"camera": "gate"}, content=car_jpeg, headers=AUTH | JPEG | PARENT
    )
    assert answer.json()["plate"] == "ABC123"
    assert eventually(lambda: {"store", "deliver"} <= collector.spans().keys())
    spans = collector.spans()
    request, read, deliver = spans["POST /predict/file"], spans["read"], spans["deliver"]
    assert spans.keys() == {request.name, "read", *STAGES, "store", "deliver"}

    assert request.kind == Span.SPAN_KIND_SERVER
    assert request.parent_span_id.hex() == CALLER
    said = _attributes(request)
    assert (said["http.route"], said["http.response.status_code"]) == ("/predict/file", 200)
    assert {spans[name].parent_span_id for name in STAGES} == {read.span_id}
    assert {spans[name].parent_span_id for name in ("read", "store", "deliver")} == {
        request.span_id
    }
    assert _attributes(read)["alpr.request.id"] == answer.json()["request_id"]

    moments = [request.start_time_unix_nano, read.start_time_unix_nano]
    for name in STAGES:
        assert spans[name].start_time_unix_nano >= moments[-1]
        moments.append(spans[name].end_time_unix_nano)
        took = spans[name].end_time_unix_nano - spans[name].start_time_unix_nano
        assert took / 1e6 == pytest.approx(answer.json()["timings_ms"][name], abs=0.01)
    moments += [read.end_time_unix_nano, spans["store"].start_time_unix_nano]
    moments += [spans["store"].end_time_unix_nano, deliver.end_time_unix_nano]
    assert moments == sorted(moments)

    assert deliver.kind == Span.SPAN_KIND_CLIENT
    assert _attributes(deliver)["http.response.status_code"] == 204
    (told,) = hook.requests
    assert told.headers["traceparent"] == f"00-{TRACE}-{deliver.span_id.hex()}-01"


def test_no_plate_key_or_address_is_in_a_span(
    traced: TestClient, collector: Collector, hook: Receiver, car_jpeg: bytes
) -> None:
    query = {"camera": "ABC123"}
    hook.reply = lambda request: Reply(500)
    traced.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG | PARENT)
    traced.get("/passes", params={"plate": "ABC123"}, headers=AUTH | PARENT)
    traced.get("/ABC123", params={"secret_key": KEYS[0]}, headers=PARENT)
    assert eventually(lambda: {"deliver", "GET", "GET /passes"} <= collector.spans().keys())
    assert _attributes(collector.spans()["GET /passes"])["url.query"] == "REDACTED"
    for secret in ("ABC123", KEYS[0], "s3cret", SECRET):
        assert secret.encode() not in collector.raw, secret
    failed = collector.spans()["deliver"]
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert _attributes(failed)["error.type"] == "500"


def test_what_failed_says_why(traced: TestClient, collector: Collector) -> None:
    traced.post("/predict/file", content=b"no picture", headers=AUTH | JPEG | PARENT)
    assert eventually(lambda: {"read", "POST /predict/file"} <= collector.spans().keys())
    assert _attributes(collector.spans()["read"])["error.type"] == "invalid_image"
    assert collector.spans()["POST /predict/file"].status.code == Status.STATUS_CODE_UNSET


def test_probes_are_not_traced(traced: TestClient, collector: Collector) -> None:
    for path in ("/health/ready", "/health/live", "/metrics", "/cameras"):
        traced.get(path, headers=AUTH | PARENT)
    assert eventually(lambda: "GET /cameras" in collector.spans())
    assert collector.spans().keys() == {"GET /cameras"}


def test_a_caller_may_say_that_it_is_not_recorded(
    traced: TestClient, collector: Collector, hook: Receiver, car_jpeg: bytes
) -> None:
    unsampled = {"traceparent": f"00-{TRACE}-{CALLER}-00"}
    query = {"camera": "gate"}
    traced.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG | unsampled)
    assert eventually(lambda: len(hook.requests) == 1)
    assert hook.requests[0].headers["traceparent"].endswith("-00")
    traced.get("/cameras", headers=AUTH)
    assert eventually(lambda: len(collector.every()) > 0)
    assert [span.name for span in collector.every()] == ["GET /cameras"]


def test_the_log_has_the_trace_of_each_line(
    make_client: ClientFactory,
    collector: Collector,
    capsys: pytest.CaptureFixture[str],
    log: Callable[..., None],  # noqa: F811
    settings: Settings,
) -> None:
    log("INFO", "json", log_fields(settings.model_copy(update={"traces": "on"})))
    client = make_client(traces="on")
    client.get("/cameras", headers=PARENT)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    served = next(line for line in lines if "GET /cameras" in line["message"])
    assert eventually(lambda: "GET /cameras" in collector.spans())
    span = collector.spans()["GET /cameras"].span_id.hex()
    assert (served["trace_id"], served["span_id"]) == (TRACE, span)
    assert {line["trace_id"] for line in lines if line is not served} == {"-"}


def test_a_dead_collector_delays_nobody(
    make_client: ClientFactory,
    collector: Collector,
    car_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes what is sent and never answers: what would wait for it waits for ever."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")
    over = threading.Event()

    def hang(request: Request) -> Reply:
        over.wait()
        return Reply(200)

    collector.reply = hang
    try:
        client = make_client(traces="on")
        for _ in range(3):
            assert client.post("/predict/file", content=car_jpeg, headers=JPEG).status_code == 200
            assert eventually(lambda: len(collector.requests) == 1)
        begun = time.monotonic()
        client.__exit__(None, None, None)
        assert time.monotonic() - begun < 20  # the library's own patience is 30 s
        assert not over.is_set()
    finally:
        over.set()
        assert eventually(lambda: not any(each.name == "traces" for each in threading.enumerate()))


def test_passes_of_cameras_begin_a_trace(collector: Collector, settings: Settings) -> None:
    tracing = open_tracing(settings.model_copy(update={"traces": "on"}))
    assert tracing is not None
    tracing.start()
    kept: list[NewPass] = []

    class Sink:
        def add(self, passing: NewPass) -> None:
            kept.append(passing)

    begun = datetime.now(UTC)
    tracing.sink(Sink()).add(made("ABC123", at=begun, source="camera"))
    assert kept[0].traceparent is not None
    tracing.stored(kept[0], time.time_ns())
    tracing.close()
    trace = kept[0].traceparent.split("-")[1]
    seen, stored = collector.spans(trace)["pass"], collector.spans(trace)["store"]
    assert (seen.parent_span_id, stored.parent_span_id) == (b"", seen.span_id)
    assert seen.start_time_unix_nano / 1e9 == pytest.approx(begun.timestamp(), abs=1e-5)
    assert _attributes(stored)["alpr.pass.id"] == kept[0].id
    assert b"ABC123" not in collector.raw


def test_switched_off_nothing_is_sent_whatever_the_variables_say(
    make_client: ClientFactory, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    client = make_client()
    client.get("/cameras", headers=PARENT)
    client.__exit__(None, None, None)  # where FastAPI would send the rest
    assert collector.requests == []


def test_a_missing_library_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = settings.model_copy(update={"traces": "on"})
    monkeypatch.delitem(sys.modules, "app.api.tracing.tracing", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(NotInstalled, match="pip install opentelemetry-sdk"):
        open_tracing(wanted)


def test_other_protocols_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(NotInstalled, match="only http/protobuf"):
        open_tracing(settings.model_copy(update={"traces": "on"}))

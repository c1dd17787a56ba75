"""Pictures that never end: the service says so, and gets back by itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import FrameResult
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.servers import eventually

ENDLESS = b"a picture that takes for ever"


class EndlessPipeline:
    """Reads as the real one, but for one input that holds its thread until told."""

    def __init__(self, pipeline: PlatePipeline) -> None:
        self.release = threading.Event()
        self._pipeline = pipeline

    def __getattr__(self, name: str) -> object:
        return getattr(self._pipeline, name)

    def read_bytes(
        self, data: bytes, options: ReadOptions, *, slice_until: float = float("inf")
    ) -> FrameResult:
        if data == ENDLESS:
            self.release.wait()
        return self._pipeline.read_bytes(data, options, slice_until=slice_until)


@pytest.fixture
def endless(pipeline: PlatePipeline) -> Iterator[EndlessPipeline]:
    endless = EndlessPipeline(pipeline)
    yield endless
    endless.release.set()


def is_ready(client: TestClient) -> bool:
    return client.get("/health/ready").status_code == 200


def stuck(client: TestClient) -> float:
    return Samples(client.get("/metrics").text).value("alpr_workers_stuck")


def test_gauges_show_what_runs_and_what_waits(
    make_client: ClientFactory, endless: EndlessPipeline
) -> None:
    client = make_client(pipeline=endless, workers=1, deadline=60)

    def shown() -> tuple[float, ...]:
        found = Samples(client.get("/metrics").text)
        return (
            found.value("alpr_pictures_running"),
            found.value("alpr_pictures_queued"),
            found.value("alpr_budget_in_use", budget="pictures"),
        )

    with ThreadPoolExecutor(1) as caller:
        answer = caller.submit(client.post, "/predict/batch", files=[("files", ENDLESS)] * 3)
        assert eventually(lambda: shown() == (1, 2, 3))
        assert client.get("/health").json()["queued"] == 2
        endless.release.set()
        assert answer.result(60).status_code == 200
    assert eventually(lambda: shown() == (0, 0, 0))


def test_not_ready_once_every_worker_is_stuck(
    make_client: ClientFactory, endless: EndlessPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(pipeline=endless, workers=2, deadline=0.3)
    files = {"file": ENDLESS}
    assert_error(client.post("/predict/file", files=files), 503, "deadline_exceeded")
    assert eventually(lambda: stuck(client) == 1)
    assert is_ready(client)
    assert client.get("/health").json()["status"] == "healthy"
    assert_error(client.post("/predict/file", files=files), 503, "deadline_exceeded")
    assert eventually(lambda: not is_ready(client))
    answer = client.get("/health/ready")
    assert_error(answer, 503, "not_ready")
    assert "stuck" in answer.json()["detail"]
    health = client.get("/health").json()
    assert (health["status"], health["stuck"]) == ("stuck", 2)
    assert client.get("/v1/status/ping").json()["success"] is False
    assert client.get("/health/live").status_code == 200
    assert eventually(lambda: "2 of 2 workers are stuck" in caplog.text)
    endless.release.set()
    assert eventually(lambda: is_ready(client))
    assert eventually(lambda: stuck(client) == 0)
    assert client.get("/health").json()["status"] == "healthy"

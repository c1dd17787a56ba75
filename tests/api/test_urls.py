"""`/predict/url`, end to end."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.names import TableResolver
from tests.servers import SocketServer, eventually, http_answer, read_request
from tests.urls import hostile_urls


class SilentResolver(TableResolver):
    """A name server that never answers."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        await asyncio.Event().wait()
        raise AssertionError


def use_resolver(client: TestClient, resolver: Callable[[], AbstractResolver]) -> None:
    service = client.app.state.service  # type: ignore[attr-defined]
    service.fetcher = replace(service.fetcher, resolver=resolver)


def test_hostile_urls(make_client: ClientFactory) -> None:
    client = make_client()
    use_resolver(client, lambda: TableResolver({}))

    def serve(connection: socket.socket) -> None:
        connection.sendall(http_answer(b"secret"))

    with SocketServer(serve) as trap:
        for url in hostile_urls(trap.port):
            response = client.post("/predict/url", content=json.dumps({"url": url}))
            if response.status_code == 422:
                assert_error(response, 422, "invalid_request")
            else:
                assert_error(response, 400, "url_not_allowed")
                assert str(trap.port) not in response.text
        assert trap.connections == 0


@pytest.fixture
def camera_client(make_client: ClientFactory) -> TestClient:
    return make_client(url_private_hosts=("127.0.0.1",), url_timeout=60, max_upload_bytes=100_000)


@pytest.fixture
def impatient_client(make_client: ClientFactory) -> TestClient:
    """For what never answers."""
    return make_client(url_private_hosts=("127.0.0.1",), url_timeout=0.5)


def _fetch(client: TestClient, answer: bytes) -> tuple[int, dict[str, object]]:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    with SocketServer(serve) as camera:
        response = client.post("/predict/url", json={"url": f"{camera.url}/car.jpg"})
        return response.status_code, response.json()


def test_a_camera_on_the_own_network(camera_client: TestClient, car_jpeg: bytes) -> None:
    status, body = _fetch(camera_client, http_answer(car_jpeg))
    assert status == 200
    assert body["plate"] == "ABC123"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        pytest.param(http_answer(b"<html></html>"), 400, "invalid_image", id="html"),
        pytest.param(http_answer(b""), 400, "empty_image", id="empty"),
        pytest.param(http_answer(bytes(200_000)), 413, "too_large", id="too large"),
        pytest.param(http_answer(b"", status="403 Forbidden"), 400, "url_unreachable", id="403"),
        pytest.param(b"", 400, "url_unreachable", id="nothing"),
    ],
)
def test_wrong_content(camera_client: TestClient, answer: bytes, status: int, code: str) -> None:
    assert (_fetch(camera_client, answer)[0], _fetch(camera_client, answer)[1]["code"]) == (
        *(status, code),
    )


def test_a_slow_camera_holds_nobody_up(impatient_client: TestClient) -> None:
    def serve(connection: socket.socket) -> None:
        while connection.recv(4096):  # until the other side gives up
            pass

    with SocketServer(serve) as camera:
        response = impatient_client.post("/predict/url", json={"url": camera.url})
    assert_error(response, 400, "url_unreachable")
    assert "in time" in response.json()["detail"]


def test_a_slow_look_up_holds_nobody_up(impatient_client: TestClient) -> None:
    use_resolver(impatient_client, lambda: SilentResolver({}))
    response = impatient_client.post("/predict/url", json={"url": "http://slow.example/"})
    assert_error(response, 400, "url_unreachable")
    assert "in time" in response.json()["detail"]


def test_a_private_address_that_is_not_named(camera_client: TestClient) -> None:
    response = camera_client.post("/predict/url", json={"url": "http://127.0.0.2/"})
    assert_error(response, 400, "url_not_allowed")


def test_cameras_that_do_not_answer_hold_up_nobody(
    make_client: ClientFactory, car_jpeg: bytes
) -> None:
    client = make_client(
        url_private_hosts=("127.0.0.1",), url_timeout=60, max_in_flight=1, max_fetches=3
    )
    fetches = client.app.state.service.fetches  # type: ignore[attr-defined]
    answered = threading.Event()

    def wait(connection: socket.socket) -> None:
        read_request(connection)
        answered.wait(60)

    with SocketServer(wait) as dead, ThreadPoolExecutor(3) as callers:

        def ask() -> Any:
            return client.post("/predict/url", json={"url": dead.url})

        waiting = [callers.submit(ask) for _ in range(3)]
        assert eventually(lambda: fetches.in_use == 3)
        upload = client.post("/predict/file", files={"file": car_jpeg})
        assert upload.json()["plate"] == "ABC123"
        refused = ask()
        assert_error(refused, 503, "overloaded")
        assert refused.headers["Retry-After"]
        found = Samples(client.get("/metrics").text)
        assert found.value("alpr_budget_in_use", budget="fetches") == 3
        assert found.value("alpr_budget_limit", budget="fetches") == 3
        answered.set()
        for job in waiting:
            assert_error(job.result(60), 400, "url_unreachable")
    assert fetches.in_use == 0


def test_bodies_have_a_budget_of_their_own(make_client: ClientFactory, car_jpeg: bytes) -> None:
    client = make_client()
    budget = client.app.state.service.receiving.budget  # type: ignore[attr-defined]
    with budget.admit(budget.limit - len(car_jpeg) // 2):
        refused = client.post("/predict/file", files={"file": car_jpeg})
    assert_error(refused, 503, "overloaded")
    assert refused.headers["Retry-After"]
    assert budget.in_use == 0
    assert client.post("/predict/file", files={"file": car_jpeg}).status_code == 200
    assert budget.in_use == 0

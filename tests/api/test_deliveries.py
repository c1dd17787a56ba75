"""`/deliveries`: what is read is told, and who looks after that sees what failed."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.documented import try_operations
from tests.api.exposition import Samples
from tests.api.test_store import AUTH, JPEG, KEYS
from tests.passes.notifying import SECRET
from tests.passes.receivers import Receiver, Reply
from tests.servers import REPOSITORY, Server, SocketServer, eventually
from tests.video.cameras import MjpegCamera
from tests.video.test_cameras import car_jpegs

GATES = "gates:\n  front:\n    list: residents\n    cameras: drive\n    open: hook\n"
NOBODY = "msg_" + "0" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def telling(make_client: ClientFactory, tmp_path: Path, receiver: Receiver) -> TestClient:
    """An application that tells `hook` of passes."""
    file = tmp_path / "targets.yml"
    file.write_text(f"targets:\n  hook:\n    url: {receiver.url}/s3cret\n    secret: {SECRET}\n")
    return make_client(
        store="on",
        store_path=tmp_path / "store",
        notify_file=file,
        url_private_hosts=("127.0.0.1",),
        auth="on",
        api_keys=KEYS,
    )


def told(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/deliveries", params=query, headers=AUTH)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["deliveries"]
    return found


def test_a_picture_of_a_camera_is_told(
    telling: TestClient, receiver: Receiver, car_jpeg: bytes
) -> None:
    query = {"camera": "gate"}
    answer = telling.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG)
    assert answer.status_code == 200
    assert eventually(lambda: len(told(telling, state="delivered")) == 1)
    (delivery,) = told(telling)
    data = Webhook(SECRET).verify(receiver.requests[0].body, receiver.requests[0].headers)["data"]
    kept = telling.get(f"/passes/{delivery['pass_id']}", headers=AUTH).json()
    assert data["request_id"] == answer.headers["X-Request-ID"]
    for name in ("id", "plate", "camera", "at", "candidates", "bbox", "validation", "frame"):
        assert data[name] == kept[name]
    samples = Samples(telling.get("/metrics").text)
    outcome = {"target": "hook", "outcome": "delivered"}
    assert samples.value("alpr_deliveries_total", **outcome) == 1


def test_what_failed_is_seen_and_sent_again(telling: TestClient, receiver: Receiver) -> None:
    receiver.reply = lambda request: Reply(410)
    tested = telling.post("/deliveries/targets/hook/test", headers=AUTH)
    assert tested.status_code == 202
    (target,) = telling.get("/deliveries/targets", headers=AUTH).json()["targets"]
    assert target["address"] == receiver.url
    assert eventually(
        lambda: telling.get("/deliveries/targets", headers=AUTH).json()["targets"][0]["disabled"]
    )
    again = telling.post(f"/deliveries/{tested.json()['id']}/replay", headers=AUTH)
    assert_error(again, 409, "not_replayable")  # it waits
    receiver.reply = lambda request: Reply()
    assert telling.post("/deliveries/targets/hook/enable", headers=AUTH).status_code == 204
    every = telling.post("/deliveries/targets/hook/replay", headers=AUTH)
    assert (every.status_code, every.json()) == (202, {"replayed": 0})
    lines = telling.get("/passes/audit", headers=AUTH).json()["lines"]
    assert [line["action"] for line in lines[::-1]] == ["test", "enable", "replay"]


def test_no_secret_is_shown(telling: TestClient, receiver: Receiver) -> None:
    telling.post("/deliveries/targets/hook/test", headers=AUTH)
    shown = [
        telling.get(path, headers=AUTH).text
        for path in ("/deliveries", "/deliveries/targets", "/passes/audit", "/metrics")
    ]
    assert "s3cret" not in "".join(shown)
    assert SECRET not in "".join(shown)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/deliveries"),
        ("GET", "/deliveries/targets"),
        *(("POST", f"/deliveries/targets/hook/{do}") for do in ("test", "disable", "enable")),
        ("POST", "/deliveries/targets/hook/replay"),
        ("POST", f"/deliveries/{NOBODY}/replay"),
    ],
)
def test_without_a_right_key(telling: TestClient, method: str, path: str) -> None:
    for headers in ({}, {"X-API-Key": "wrong"}):
        assert_error(telling.request(method, path, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize("do", ["test", "disable", "enable", "replay"])
def test_a_target_that_is_none(telling: TestClient, do: str) -> None:
    answer = telling.post(f"/deliveries/targets/nobody/{do}", headers=AUTH)
    assert_error(answer, 404, "unknown_target")
    answer = telling.post(f"/deliveries/targets/a%20b/{do}", headers=AUTH)
    assert_error(answer, 422, "invalid_request")


def test_a_delivery_that_is_none(telling: TestClient) -> None:
    answer = telling.post(f"/deliveries/{NOBODY}/replay", headers=AUTH)
    assert_error(answer, 404, "unknown_delivery")


def test_events_of_a_camera_that_somebody_wants(
    make_client: ClientFactory, tmp_path: Path, receiver: Receiver
) -> None:
    targets, cameras = tmp_path / "targets.yml", tmp_path / "cameras.yml"
    targets.write_text(f"targets:\n  hook:\n    url: {receiver.url}\n    events: new, end\n")
    with MjpegCamera(car_jpegs("ABC123"), fps=5) as camera:
        cameras.write_text(f"cameras:\n  gate:\n    source: {camera.url}\n")
        client = make_client(
            store="on",
            store_path=tmp_path / "store",
            notify_file=targets,
            cameras_file=cameras,
            url_private_hosts=("127.0.0.1",),
        )
        assert eventually(
            lambda: (
                {each["kind"] for each in told(client, state="delivered")}
                == {"pass.new", "pass.end"}
            ),
            seconds=120,
        )
    bodies = [json.loads(request.body) for request in receiver.requests]
    first = [body["data"] for body in bodies if body["data"]["id"] == bodies[0]["data"]["id"]]
    assert [body["plate"] for body in first] == ["ABC123"] * len(first)
    assert first[0]["frame"] is None


@pytest.fixture(scope="module")
def telling_server(
    light_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("told")
    (folder / "targets.yml").write_text(
        "targets:\n  hook:\n    url: http://nowhere.invalid/\n    max_age: 1\n"
    )
    environment = {
        "ALPR_AUTH": "off",
        "ALPR_STORE": "on",
        "ALPR_STORE_PATH": str(folder / "store"),
        "ALPR_NOTIFY_FILE": str(folder / "targets.yml"),
        "ALPR_GATES_FILE": str(folder / "gates.yml"),
    }
    (folder / "gates.yml").write_text(GATES)
    with Server(light_environment | environment) as server:
        yield server


@pytest.mark.parametrize("examples", [5, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(
    telling_server: Server, mode: GenerationMode, examples: int
) -> None:
    schema = schemathesis.openapi.from_url(f"{telling_server.url}/openapi.json", timeout=120)
    chosen = schema.include(path_regex="^/(deliveries|gates)")
    operations = [result.ok() for result in chosen.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == 7 + 2
    assert try_operations(operations, mode, examples=examples) > 0


def test_a_dead_receiver_holds_no_end(
    light_environment: dict[str, str], tmp_path: Path, car_jpeg: bytes
) -> None:
    def never(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    with SocketServer(never) as dead:
        (tmp_path / "targets.yml").write_text(f"targets:\n  dead:\n    url: {dead.url}\n")
        environment = {
            "ALPR_AUTH": "off",
            "ALPR_STORE": "on",
            "ALPR_STORE_PATH": str(tmp_path / "store"),
            "ALPR_NOTIFY_FILE": str(tmp_path / "targets.yml"),
            "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
            "ALPR_DRAIN_SECONDS": "0",
        }
        with Server(light_environment | environment) as server:
            url = f"{server.url}/predict/file?camera=gate"
            assert requests.post(url, car_jpeg, headers=JPEG, timeout=60).status_code == 200
            assert eventually(lambda: dead.connections > 0)
            server.terminate()
            assert server.process.wait(120) == 0


def test_a_store_that_tells_nobody_loads_nothing_of_it() -> None:
    code = (
        "import sys, app.main, app.passes.store.store, app.api.routes.passes; "
        "print([n for n in ('standardwebhooks', 'aiomqtt', 'paho', 'boto3') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

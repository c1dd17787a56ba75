"""A camera sees a vehicle of a list, and its gate opens: with real networks, and a real relay."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.config import Settings
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.passes.receivers import Receiver
from tests.servers import eventually
from tests.video.cameras import MjpegCamera
from tests.video.test_cameras import car_jpegs

GATE = "  {name}:\n    list: residents\n    cameras: drive\n    open: {open}\n    {more}\n"


def reasons(client: TestClient, **query: str) -> list[str]:
    answer = client.get("/gates/decisions", params=query)
    assert answer.status_code == 200, answer.text
    return [each["reason"] for each in answer.json()["decisions"]]


def test_a_resident_is_let_in(make_client: ClientFactory, tmp_path: Path) -> None:
    targets, gates, cameras = (tmp_path / f"{n}.yml" for n in ("targets", "gates", "cameras"))
    rules = (("front", "relay", "min_probability: 0.5"), ("side", "relay", "dry_run: true"))
    gates.write_text(
        "gates:\n" + "".join(GATE.format(name=n, open=o, more=more) for n, o, more in rules)
    )
    with Receiver() as relay, MjpegCamera(car_jpegs("ABC123"), fps=5) as camera:
        targets.write_text(
            f"targets:\n  relay:\n    url: {relay.url}/open\n    form: relay\n    method: GET\n"
        )
        cameras.write_text(f"cameras:\n  drive:\n    source: {camera.url}\n    enabled: no\n")
        client = make_client(
            store="on",
            store_path=tmp_path / "store",
            notify_file=targets,
            gates_file=gates,
            cameras_file=cameras,
            url_private_hosts=("127.0.0.1",),
        )
        body = client.get("/gates").json()
        assert [(each["name"], each["has_target"]) for each in body["gates"]] == [
            ("front", True),
            ("side", True),
        ]
        client.post("/lists", json={"name": "residents", "kind": "allow"})
        client.post("/lists/residents/entries", json={"plate": "ABC123"})
        cameras.write_text(f"cameras:\n  drive:\n    source: {camera.url}\n")
        assert eventually(lambda: bool(relay.requests), seconds=120)
        assert eventually(lambda: "opened" in reasons(client, gate="front"))
    first = relay.requests[0]
    assert (first.method, first.path, first.body) == ("GET", "/open", b"")
    decision = client.get("/gates/decisions", params={"reason": "opened"}).json()["decisions"][-1]
    assert (decision["gate"], decision["plate"], decision["entry"]) == ("front", "ABC123", 1)
    assert decision["reads"] >= 2
    metrics = Samples(client.get("/metrics").text)
    assert metrics.value("alpr_gate_decisions_total", gate="front", reason="opened") >= 1
    assert "opened" not in reasons(client, gate="side")


def test_a_picture_opens_where_one_read_is_enough(
    make_client: ClientFactory, tmp_path: Path, car_jpeg: bytes
) -> None:
    targets, gates = tmp_path / "targets.yml", tmp_path / "gates.yml"
    more = "min_reads: 1\n    min_probability: 0.5"
    gates.write_text("gates:\n" + GATE.format(name="front", open="relay", more=more))
    with Receiver() as relay:
        targets.write_text(f"targets:\n  relay:\n    url: {relay.url}/open\n    form: relay\n")
        client = make_client(
            store="on",
            store_path=tmp_path / "store",
            notify_file=targets,
            gates_file=gates,
            url_private_hosts=("127.0.0.1",),
        )
        client.post("/lists", json={"name": "residents", "kind": "allow"})
        client.post("/lists/residents/entries", json={"plate": "ABC123"})
        for query in ({"camera": "drive", "at": "2026-01-01T00:00:00Z"}, {"camera": "drive"}):
            answer = client.post(
                "/predict/file",
                params=query,
                content=car_jpeg,
                headers={"Content-Type": "image/jpeg"},
            )
            assert answer.status_code == 200
        assert eventually(lambda: reasons(client) == ["opened", "late"])
        assert eventually(lambda: len(relay.requests) == 1)


def test_gates_need_a_store_and_targets(make_client: ClientFactory, tmp_path: Path) -> None:
    assert_error(make_client().get("/gates"), 404, "not_found")
    gates = tmp_path / "gates.yml"
    with pytest.raises(ValueError, match="ALPR_NOTIFY_FILE"):
        Settings(gates_file=gates)
    hashed: dict[str, Any] = {
        "store": "on",
        "store_plates": "hashed",
        "store_hash_key": "0123456789abcdef",
    }
    with pytest.raises(ValueError, match="ALPR_STORE_PLATES"):
        Settings(gates_file=gates, notify_file=gates, **hashed)

"""MQTT, with a real broker: Home Assistant finds its entities, and hears every pass once."""

import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.passes.notify import outbox
from app.passes.notify.discovery import level_of
from tests.passes.authority import Authority
from tests.passes.broker import PASSWORD, PROGRAM, USER, Broker, Listener
from tests.passes.made import WHO, made
from tests.passes.notifying import Notified, notified
from tests.servers import eventually

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no broker here: apt-get install mosquitto")
SEEN = {"bbox": {"x": 10, "y": 20, "width": 100, "height": 30}}


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with Listener(broker.port) as listener:
        yield listener


def home(port: int, **fields: object) -> str:
    lines = ["targets:", "  home:", f"    url: mqtt://127.0.0.1:{port}"]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in fields.items()), ""])


def tell(told: Notified, text: str, **changes: Any) -> None:
    told.store.add(made(text, detail=made("A").detail | SEEN, **changes))


def test_home_assistant_finds_its_entities(
    tmp_path: Path, broker: Broker, listener: Listener
) -> None:
    with notified(tmp_path, home(broker.port, cameras="gate", events="new, end")) as told:
        tell(told, "ABC123")
        told.delivered(2)
        assert eventually(lambda: len(listener.on("nz-alpr/gate/plate")) == 2)
    event, sensor = (
        json.loads(
            next(
                payload
                for topic, payload, _ in listener.heard
                if topic.startswith(f"homeassistant/{kind}/") and topic.endswith("/config")
            )
        )
        for kind in ("event", "sensor")
    )
    for entity in (event, sensor):
        assert_discovers(entity)
        assert entity["availability_topic"] == "nz-alpr/status"
    assert event["event_types"] == ["new", "update", "end"]
    assert event["unique_id"] != sensor["unique_id"]
    assert event["device"]["identifiers"] == sensor["device"]["identifiers"]
    passes = [json.loads(payload) for payload in listener.on(event["state_topic"])]
    assert [each["event_type"] for each in passes] == ["new", "end"]
    assert {each["plate"] for each in passes} == {"ABC123"}
    last = json.loads(listener.on(sensor["state_topic"])[-1])
    assert (last["plate"], last["camera"]) == ("ABC123", "gate")
    assert eventually(lambda: listener.on("nz-alpr/status") == ["online", "offline"])


def assert_discovers(entity: dict[str, Any]) -> None:
    """What Home Assistant's schemas of `event.mqtt` and `sensor.mqtt` ask for, and nothing that
    they do not know."""
    known = {
        *("name", "unique_id", "state_topic", "availability_topic", "payload_available"),
        *("payload_not_available", "qos", "device", "origin", "icon", "event_types"),
        *("value_template", "json_attributes_topic"),
    }
    assert entity.keys() <= known
    assert entity["qos"] in (0, 1, 2)
    assert entity["device"].keys() <= {
        *("identifiers", "name", "manufacturer", "model", "sw_version"),
    }
    assert entity["device"]["identifiers"]
    assert entity["origin"]["name"]  # required of whoever uses discovery
    assert entity["icon"].startswith("mdi:")
    for name in ("state_topic", "availability_topic"):
        assert "#" not in entity[name]
        assert "+" not in entity[name]


def test_a_pass_is_not_told_to_those_who_come_later(tmp_path: Path, broker: Broker) -> None:
    """A retained event would open a gate again; the last plate stays."""
    with notified(tmp_path, home(broker.port)) as told:
        tell(told, "ABC123")
        told.delivered(1)
        with Listener(broker.port) as late:
            assert eventually(lambda: bool(late.on("nz-alpr/gate/plate")))
            assert late.on("nz-alpr/status") == ["online"]
            assert late.on("nz-alpr/gate/event") == []
            tell(told, "XYZ789")
            assert eventually(lambda: len(late.on("nz-alpr/gate/event")) == 1)


def test_as_frigate_does(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    fields = {"frigate": "frigate", "discovery": '""', "topic": "cars/plates"}
    with notified(tmp_path, home(broker.port, **fields)) as told:
        told.store.prepare()
        tell(told, "ABC123")
        told.delivered(1)
        assert eventually(lambda: bool(listener.on("frigate/tracked_object_update")))
    (update,) = [json.loads(each) for each in listener.on("frigate/tracked_object_update")]
    assert (update["type"], update["plate"], update["camera"]) == ("lpr", "ABC123", "gate")
    assert update["plate_box"] == [10, 20, 110, 50]
    assert listener.on("cars/plates/gate/event")
    assert not [topic for topic, *_ in listener.heard if topic.startswith("homeassistant")]


def test_what_waits_for_a_broker_is_told_in_order(tmp_path: Path, broker: Broker) -> None:
    broker.stop()
    with notified(tmp_path, home(broker.port)) as told:
        for i in range(20):
            tell(told, f"ABC{i:03}", minute=i)
        told.wait(lambda found: len(found) == 20)
        broker.start()
        with Listener(broker.port) as listener:
            told.delivered(20)
            assert {each.attempts for each in told.deliveries()} == {1}
            broker.stop()
            tell(told, "XYZ789")
            broker.start()  # it has forgotten everything
            told.delivered(21)
            assert eventually(lambda: len(listener.on("nz-alpr/status")) > 1)
            plates = [json.loads(each)["plate"] for each in listener.on("nz-alpr/gate/plate")]
    assert plates[-1] == "XYZ789"
    assert plates == sorted(plates)


def test_home_assistant_starts_again(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    with notified(tmp_path, home(broker.port, cameras="gate")):
        assert eventually(lambda: "online" in listener.on("nz-alpr/status"))
        assert eventually(lambda: entities(listener) == 2)

        def found_again() -> bool:  # asked more than once: it may not have subscribed yet
            listener.publish("homeassistant/status", "online")
            return entities(listener) > 2

        assert eventually(found_again)


def entities(listener: Listener) -> int:
    return sum(topic.endswith("/config") for topic, *_ in list(listener.heard))


def test_a_broker_of_ones_own_authority(tmp_path: Path) -> None:
    site = Authority()
    ca_file = site.write(tmp_path / "site.pem")
    with Broker(authority=site) as broker, Listener(broker.port, ca_file=ca_file) as listener:
        secure = home(broker.port, ca_file=ca_file).replace("mqtt://", "mqtts://")
        with notified(tmp_path, secure) as told:
            tell(told, "ABC123")
            told.delivered(1)
            assert eventually(lambda: bool(listener.on("nz-alpr/gate/plate")))


@pytest.mark.filterwarnings(  # paho leaves the socket of a failed handshake to be collected
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("trusted", ["another authority", "public ones"])
def test_a_broker_that_nobody_vouches_for_is_told_nothing(
    tmp_path: Path, trusted: str, caplog: pytest.LogCaptureFixture
) -> None:
    site, other = Authority(), Authority("another")
    fields = {} if trusted == "public ones" else {"ca_file": other.write(tmp_path / "other.pem")}
    ca_file = site.write(tmp_path / "site.pem")
    with Broker(authority=site) as broker, Listener(broker.port, ca_file=ca_file) as listener:
        secure = home(broker.port, **fields).replace("mqtt://", "mqtts://")
        with notified(tmp_path, secure) as told:
            tell(told, "ABC123")
            assert eventually(lambda: "certificate verify failed" in caplog.text)
            assert not [each for each in told.deliveries() if each.attempts]
        assert listener.heard == []
    caplog.clear()  # its records hold the errors, and they the sockets
    gc.collect()


def test_a_login(tmp_path: Path) -> None:
    with Broker(login=True) as broker, Listener(broker.port, login=True) as listener:
        (tmp_path / "password").write_text(PASSWORD + "\n")
        login = {"user": USER, "password_file": tmp_path / "password"}
        with notified(tmp_path, home(broker.port, **login)) as told:
            tell(told, "ABC123")
            told.delivered(1)
            assert eventually(lambda: bool(listener.on("nz-alpr/gate/event")))


def test_a_wrong_login_is_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Broker(login=True) as broker:
        login = {"user": USER, "password": "wrong"}
        with notified(tmp_path, home(broker.port, **login)) as told:
            tell(told, "ABC123")
            assert eventually(lambda: "no connection to the broker" in caplog.text)
            (delivery,) = told.wait(bool)
            assert (delivery.state, delivery.attempts) == ("waiting", 0)
    assert "wrong" not in caplog.text


def test_a_gate_has_a_topic_of_its_own(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    with notified(tmp_path, home(broker.port)) as told:
        told.store.prepare()
        now = time.time()
        with told.store.engine.begin() as connection:
            opening = {"gate": "front", "camera": "gate"}
            outbox.add(connection, "home", opening, kind="gate.open", id="a", at=now)
        told.notifier.test("home", who=WHO)
        told.delivered(2)
        assert eventually(lambda: bool(listener.on("nz-alpr/test")))
    assert [json.loads(each) for each in listener.on("nz-alpr/gate")] == [opening]


def test_every_camera_has_its_own_level() -> None:
    names = ["gate", "gate 1", "gate/1", "gate+1", "gate#1", "Gate", "門"]
    levels = [level_of(name) for name in names]
    assert levels[0] == "gate"
    assert len(set(levels)) == len(names)
    assert all(level.replace("_", "").replace("-", "").isalnum() for level in levels)

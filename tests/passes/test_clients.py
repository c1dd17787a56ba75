"""What is sent, as those take it who are to: libraries and receivers of others."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import flask
import pytest
from werkzeug.serving import make_server

from app.passes.notify.discovery import Topics
from tests.passes.made import made, picture
from tests.passes.notifying import SECRET, notified
from tests.passes.receivers import Receiver
from tests.passes.test_webhooks import SEEN, target, targets

PACKAGE = "standardwebhooks@1.1.1"
VERIFY = """
const { Webhook } = require("standardwebhooks");
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const told = new Webhook(secret).verify(body, headers);
let forged = "taken";
try { new Webhook(secret).verify(body.replace("ABC123", "ABC124"), headers); }
catch (error) { forged = error.name; }
console.log(JSON.stringify({ plate: told.data.plate, forged }));
"""
HOME_ASSISTANT = ("homeassistant==2024.3.3", "paho-mqtt==1.6.1")
VALIDATE = """
import json, sys
from homeassistant.components.mqtt import discovery, event, sensor
told = {}
for topic, entity in json.load(sys.stdin).items():
    _, component, node, _ = topic.split("/")
    origin = discovery.MQTT_ORIGIN_INFO_SCHEMA(entity.pop("origin"))
    {"event": event, "sensor": sensor}[component].PLATFORM_SCHEMA_MODERN(entity)
    told[component] = origin["name"]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library that JavaScript has for Standard Webhooks."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no node here: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("javascript")
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm has no {PACKAGE} to give: {done.stderr.strip()[-200:]}")
    return folder


@pytest.mark.slow
def test_the_library_of_javascript_takes_our_signature(tmp_path: Path, javascript: Path) -> None:
    with (
        Receiver() as receiver,
        notified(tmp_path, targets(target(receiver.url, secret=SECRET))) as told,
    ):
        told.store.add(made("ABC123"))
        told.delivered(1)
    (request,) = receiver.requests
    given = {"secret": SECRET, "headers": request.headers, "body": request.body.decode()}
    done = subprocess.run(
        ["node", "-e", VERIFY],
        cwd=javascript,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"plate": "ABC123", "forged": "WebhookVerificationError"}


@pytest.fixture(scope="module")
def home_assistant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with Home Assistant, in the last version for Python 3.11."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if uv is None:
        pytest.skip("no uv here, without which this takes minutes: pip install uv")
    folder = tmp_path_factory.mktemp("home-assistant")
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    command = [uv, "pip", "install", "--quiet", "--python", str(python), *HOME_ASSISTANT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the registry has no {HOME_ASSISTANT[0]}: {done.stderr.strip()[-200:]}")
    return python


@pytest.mark.slow
def test_home_assistant_takes_our_entities(home_assistant: Path) -> None:
    entities = {
        publication.topic: json.loads(publication.payload)
        for publication in Topics("nz-alpr", "homeassistant", "").entities("gate")
    }
    done = subprocess.run(
        [home_assistant, "-c", VALIDATE],
        input=json.dumps(entities),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"event": "NZ ALPR", "sensor": "NZ ALPR"}


class StreamReceiver:
    """Takes webhooks as Plate Recognizer's own example for Flask does: the form's fields `json` and
    `upload`, or a body of JSON."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, Any], bytes | None]] = []
        application = flask.Flask(__name__)

        @application.post("/")
        def take() -> str:
            if flask.request.files:
                told = json.loads(flask.request.form["json"])
                self.got.append((told, flask.request.files["upload"].read()))
            else:
                self.got.append((flask.request.get_json(), None))
            return "OK"

        self._server = make_server("127.0.0.1", 0, application, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stream() -> Iterator[StreamReceiver]:
    receiver = StreamReceiver()
    yield receiver
    receiver.close()


@pytest.mark.parametrize("form", ["platerecognizer", "platerecognizer-multipart"])
def test_plate_recognizers_receiver_takes_ours(
    tmp_path: Path, stream: StreamReceiver, form: str
) -> None:
    with notified(tmp_path, targets(target(stream.url, form=form))) as told:
        told.store.add(made("ABC123", frame=picture(), detail=SEEN))
        told.delivered(1)
    ((body, upload),) = stream.got
    assert upload == (picture() if form.endswith("multipart") else None)
    assert body["hook"] == {"target": "hook", "id": "gate", "event": "recognition"}
    data = body["data"]
    assert data["camera_id"] == "gate"
    assert data["timestamp"] == "2026-11-27T12:00:00Z"
    (result,) = data["results"]
    assert result["plate"] == result["candidates"][0]["plate"] == "abc123"
    assert 0 < result["score"] <= 1
    assert (result["dscore"], result["direction"]) == (0.9, 90.0)
    assert result["box"] == {"xmin": 10, "ymin": 20, "xmax": 110, "ymax": 50}
    assert result["region"]["code"] == "nz"
    assert result["vehicle"].keys() == {"type", "score", "box"}


def test_what_lasts_has_no_picture_yet(tmp_path: Path, stream: StreamReceiver) -> None:
    form = "platerecognizer-multipart"
    with notified(tmp_path, targets(target(stream.url, form=form, events="new"))) as told:
        told.store.add(made("ABC123", source="camera", event="new", detail=SEEN))
        told.delivered(1)
    ((body, upload),) = stream.got
    assert (body["data"]["results"][0]["plate"], upload) == ("abc123", None)

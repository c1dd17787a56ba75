"""A service that keeps passes and tells of them, for the console to show."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.console.conftest import KEY
from tests.passes.receivers import Receiver, Reply
from tests.pictures import draw_car, encode
from tests.servers import Server, eventually

HOSTILE = "<img src=x onerror=alert(1)>"
AUTH = {"X-API-Key": KEY}
READER, GUARD = "may-only-read", "may-see-lists"
GATES = """gates:
  front: {list: residents, cameras: gate, open: relay, min_reads: 1, min_probability: 0.1}
  back: {list: residents, cameras: yard, open: missing}
"""


@dataclass
class Keeping:
    """A service that keeps passes, and who it tells of them."""

    server: Server
    receiver: Receiver

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.server.url}/{path}", headers=AUTH, timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def passes(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"passes?{query}")["passes"]
        return found

    def pass_by(self, text: str, camera: str) -> None:
        answer = requests.post(
            f"{self.server.url}/predict/file",
            params={"camera": camera},
            data=encode(draw_car(text), ".jpg"),
            headers=AUTH | {"Content-Type": "image/jpeg"},
            timeout=120,
        )
        assert answer.status_code == 200, answer.text


@contextmanager
def keeping_service(folder: Path, weights_environment: dict[str, str]) -> Iterator[Keeping]:
    """It has a pass of ABC123, and one of KLM482 of a camera of a hostile name; `hook` refuses
    whatever it is told."""
    with Receiver(lambda request: Reply(500 if request.path == "/hook" else 204)) as receiver:
        (folder / "gates.yml").write_text(GATES)
        (folder / "targets.yml").write_text(
            f"targets:\n  hook: {{url: '{receiver.url}/hook', max_age: 1}}\n"
            f"  relay: {{url: '{receiver.url}/open', form: relay}}\n"
        )
        environment = weights_environment | {
            "ALPR_API_KEYS": f"{KEY}, {READER} roles=read, {GUARD} roles=lists",
            "ALPR_STORE": "on",
            "ALPR_STORE_PATH": str(folder / "store"),
            "ALPR_STORE_PICTURES": "frame",
            "ALPR_NOTIFY_FILE": str(folder / "targets.yml"),
            "ALPR_GATES_FILE": str(folder / "gates.yml"),
            "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
            "ALPR_DRAIN_SECONDS": "0",
        }
        with Server(environment) as server:
            service = Keeping(server, receiver)
            service.pass_by("ABC123", "gate")
            service.pass_by("KLM482", HOSTILE)
            assert eventually(lambda: len(service.passes()) == 2)
            yield service

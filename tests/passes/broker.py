"""A private MQTT broker: mosquitto of Debian's packages."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.passes.authority import Authority
from tests.servers import eventually

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
USER, PASSWORD = "nz-alpr", "p@ss word"


class Broker:
    """On one port, also when it is started again; it forgets everything then."""

    def __init__(self, *, login: bool = False, authority: Authority | None = None) -> None:
        """`authority`: speaks TLS, with a certificate of it."""
        assert PROGRAM is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._folder = tempfile.TemporaryDirectory(prefix="nz-alpr-mqtt-")
        folder = Path(self._folder.name)
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "user root"]
        if login:
            passwords = folder / "passwords"
            program = str(Path(PROGRAM).parents[1] / "bin" / "mosquitto_passwd")
            subprocess.run([program, "-c", "-b", passwords, USER, PASSWORD], check=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        if authority is not None:
            certificate, key = authority.certify(folder)
            lines += [f"certfile {certificate}", f"keyfile {key}"]
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-c", self._configuration],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert eventually(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False


class Listener:
    """Hears everything that a broker is told: (topic, payload, retained)."""

    def __init__(self, port: int, *, login: bool = False, ca_file: Path | None = None) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(USER, PASSWORD)
        if ca_file is not None:
            self._client.tls_set(str(ca_file))
        self._client.on_connect = self._subscribe
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, topic: str, payload: str) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def on(self, topic: str) -> list[str]:
        return [payload for heard, payload, _ in list(self.heard) if heard == topic]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: paho.Client, *arguments: Any) -> None:
        client.subscribe("#", qos=1)

    def _hear(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload.decode(), message.retain))

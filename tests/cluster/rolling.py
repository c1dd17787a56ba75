"""Two services, a PostgreSQL and a real nginx before them, all on this machine.

    python -m tests.cluster.rolling

Restarts both under load, kills the owner of a camera, and counts what clients, the store and the
limits of keys say of it.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
import sqlalchemy as sa

from app.passes.store.database import open_database, postgresql_url
from app.passes.store.tables import PASSES
from tests.passes.postgres import binaries, postgresql
from tests.pictures import draw_car, encode
from tests.servers import REPOSITORY, eventually
from tests.video.cameras import MjpegCamera

NGINX = "/usr/sbin/nginx"
CONFIG = REPOSITORY / "deploy" / "nginx" / "nz-alpr.conf"
START_S = 180.0
KEY, SLOW, QUOTA = "of-the-cluster", "of-a-slow-one", 20
CAMERAS = {"gate": "ABC123", "yard": "DEF456"}


@dataclass
class Found:
    """`statuses` of the answers under load, and `passes` that were kept then; `moved_s` from the
    kill until another watched all."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    moved_s: float = 0.0
    passes: Counter[tuple[str, str]] = field(default_factory=Counter)
    let_in: int = 0


class Node:
    """A service on a port that stays its own when it is started anew."""

    def __init__(self, port: int, folder: Path, environment: dict[str, str]) -> None:
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, **environment, "ALPR_STORE_PATH": str(folder)}
        self._log = folder.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "app", "serve"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ],
                cwd=REPOSITORY,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        assert eventually(self._is_ready, START_S), self._log.read_text()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(60) == 0, self._log.read_text()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def live(self) -> set[str]:
        answer = requests.get(f"{self.url}/cameras", headers={"X-API-Key": KEY}, timeout=30)
        return {each["name"] for each in answer.json()["cameras"] if each["state"] == "live"}

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def nginx(folder: Path, listen: int, ports: tuple[int, int]) -> Iterator[str]:
    """The file that operators get, with other ports."""
    text = CONFIG.read_text().replace("listen 8000", f"listen 127.0.0.1:{listen}")
    for example, port in zip((8001, 8002), ports, strict=True):
        text = text.replace(f"127.0.0.1:{example}", f"127.0.0.1:{port}")
    (folder / "service.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [f"{kind}_temp_path {folder}/{kind};" for kind in kinds]
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + "events {}\nhttp {\n access_log off;\n"
        + "\n".join(lines)
        + f"\n include {folder}/service.conf;\n}}\n"
    )
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{listen}"
    finally:
        process.terminate()
        process.wait(30)


class Load:
    """Clients that send picture after picture until it is left."""

    def __init__(self, url: str, clients: int, statuses: "Counter[int | str]") -> None:
        self._url, self._statuses = url, statuses
        self._jpeg = encode(draw_car("ABC123"), ".jpg")
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int) -> None:
        wanted = self._statuses.total() + count
        assert eventually(lambda: self._statuses.total() >= wanted, 120)

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                status = send(session, self._url, KEY, self._jpeg)
                with self._lock:
                    self._statuses[status] += 1


def send(session: requests.Session, url: str, key: str, jpeg: bytes) -> int | str:
    try:
        return session.post(
            f"{url}/predict/file",
            data=jpeg,
            timeout=60,
            headers={"X-API-Key": key, "Content-Type": "image/jpeg"},
        ).status_code
    except requests.RequestException as error:
        return type(error).__name__


def run(folder: Path, ports: tuple[int, int, int], *, clients: int = 3) -> Found:
    found = Found()
    with ExitStack() as stack:
        programs = binaries()
        assert programs is not None, "no PostgreSQL here: apt-get install postgresql"
        database = stack.enter_context(postgresql(programs))
        lines = ["cameras:"]
        for name, plate in CAMERAS.items():  # a vehicle that stands there all the time
            camera = stack.enter_context(MjpegCamera([encode(draw_car(plate), ".jpg")], fps=5))
            lines += [f"  {name}:", f"    source: {camera.url}", "    fps: 2"]
        file = folder / "cameras.yml"
        file.write_text("\n".join(lines) + "\n")
        environment = {
            "ALPR_API_KEYS": f"{KEY}, {SLOW} name=slow rate={QUOTA}/h",
            "ALPR_STORE": "on",
            "ALPR_DATABASE_URL": database,
            "ALPR_CAMERAS_FILE": str(file),
            "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
            "ALPR_DEADLINE": "60",
        }
        listen, first, second = ports
        nodes = [Node(port, folder / f"node-{port}", environment) for port in (first, second)]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        url = stack.enter_context(nginx(folder, listen, (first, second)))
        _restart_both(nodes, url, clients, found)
        for node in nodes:  # what is seen of a vehicle is kept when it ends
            node.stop()
        found.passes = _passes(database)
        for node in nodes:
            node.start()
        _kill_an_owner(nodes, found)
        _use_up_a_rate(url, found)
        for node in nodes:
            node.stop()
    return found


def _restart_both(nodes: list[Node], url: str, clients: int, found: Found) -> None:
    with Load(url, clients, found.statuses) as load:
        load.more(20)
        for node in nodes:
            node.stop()
            load.more(10)
            node.start()
            load.more(10)


def _kill_an_owner(nodes: list[Node], found: Found) -> None:
    def watched() -> set[str]:
        return set().union(*(node.live() for node in nodes))

    assert eventually(lambda: watched() == set(CAMERAS), 60)
    owner = next(node for node in nodes if node.live())
    other = next(node for node in nodes if node is not owner)
    begun = time.monotonic()
    owner.kill()
    assert eventually(lambda: other.live() == set(CAMERAS), 60)
    found.moved_s = time.monotonic() - begun
    owner.start()


def _use_up_a_rate(url: str, found: Found) -> None:
    jpeg = encode(draw_car("ABC123"), ".jpg")
    with requests.Session() as session:
        for _ in range(3 * QUOTA):
            found.let_in += send(session, url, SLOW, jpeg) == 200


def _passes(database: str) -> Counter[tuple[str, str]]:
    """By camera and plate."""
    engine = open_database(postgresql_url(database))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(PASSES.c.camera, PASSES.c.plate)).all()
    engine.dispose()
    return Counter((row.camera, row.plate) for row in rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nz-alpr-cluster-") as folder:
        found = run(Path(folder), (18000, 18001, 18002))
    print(f"answers under two restarts: {dict(found.statuses)}")  # noqa: T201
    print(f"all cameras watched again {found.moved_s:.1f} s after a kill")  # noqa: T201
    print(f"passes of two vehicles that stood there: {dict(found.passes)}")  # noqa: T201
    print(f"let in of a rate of {QUOTA}: {found.let_in}")  # noqa: T201


if __name__ == "__main__":
    main()

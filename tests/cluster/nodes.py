"""A cluster of Ray on this machine, started as operators start it: by its command line."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import yaml

from app.cli.serve_ray import node_environment
from tests.servers import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
SERVE_FILE = REPOSITORY / "deploy" / "ray" / "serve.yaml"
START_SECONDS = 180
_RAY = Path(sys.executable).with_name("ray")
_SERVE = Path(sys.executable).with_name("serve")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("", 0))
        return int(bound.getsockname()[1])


def serve_ports() -> dict[str, str]:
    """Ports that Ray Serve would open by the same numbers in every cluster of a machine.

    Where two clusters have the same, the system gives some requests of one to the other.
    """
    names = ("HAPROXY_METRICS", "HAPROXY_STATS", "FALLBACK_PROXY_HTTP", "FALLBACK_PROXY_GRPC")
    return {f"RAY_SERVE_{name}_PORT": str(free_port()) for name in names}


def end_on_sigterm() -> None:
    """Leave what is entered, so that no cluster outlives its command."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


class Node:
    """One node with one processor; `head` has the controller and the ingress as well."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *arguments: str, processor: int
    ) -> None:
        self._processor = processor
        self.metrics_port = free_port()
        with (folder / f"node-{processor}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(_RAY, "start", "--block", "--include-log-monitor=False", "--num-cpus", "1"),
                    *("--min-worker-port", "0", "--max-worker-port", "0"),
                    *("--metrics-export-port", str(self.metrics_port)),
                    # Ray waits but seconds for agents that choose their own.
                    *("--dashboard-agent-listen-port", str(free_port())),
                    *("--dashboard-agent-grpc-port", str(free_port())),
                    *("--runtime-env-agent-port", str(free_port())),
                    *("--object-store-memory", "100000000"),
                    *arguments,
                ],
                env={**environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def bind(self) -> None:
        """Leave it and what it will start one processor; starting took what there was."""
        for process in processes(self.process.pid):
            for thread in Path(f"/proc/{process}/task").glob("*"):
                with suppress(OSError):
                    os.sched_setaffinity(int(thread.name), {self._processor})

    def metrics(self) -> str:
        """What Prometheus gets of this node."""
        return requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=20).text

    def kill(self) -> None:
        """As if somebody pulled the plug."""
        for process in processes(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.kill()


class Cluster:
    """Nodes that share this machine, one for each of its first processors; ended when left.

    Everything of it is in one temporary folder, and on ports of its own.

    Args:
        cards: GPUs that each node says it has.
        settings: variables on every node: of the service, or in the place of those it would have.
    """

    def __init__(self, settings: Mapping[str, str], *, nodes: int = 2, cards: int = 0) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # Ray's sockets: short
        self._gcs, self._dashboard, self.port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.address = f"127.0.0.1:{self._gcs}"
        haproxy = self._folder / "haproxy"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "RAY_AUTH_MODE": "disabled",  # whatever token this machine has
            "RAY_SERVE_HAPROXY_BINARY_PATH": str(REPOSITORY / "deploy" / "ray" / "haproxy"),
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(haproxy / "haproxy.cfg"),
            "RAY_SERVE_HAPROXY_SOCKET_PATH": str(haproxy / "admin.sock"),
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(haproxy),
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(haproxy / "server-state"),
            **serve_ports(),
            **node_environment(SERVE_FILE.with_name("environment")),
            **settings,
        }
        self._count = nodes
        self._cards = cards
        self.nodes: list[Node] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            sys.stderr.write(self.log())
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _start(self) -> None:
        self._add(
            *("--head", "--port", str(self._gcs), "--temp-dir", str(self._folder / "r")),
            *(
                "--dashboard-port",
                str(self._dashboard),
                "--ray-client-server-port",
                str(free_port()),
            ),
        )
        self._await(lambda: self._ask("/api/version").status_code == 200)
        while len(self.nodes) < self._count:
            self.add_node()
        self._await(lambda: self._alive() == self._count)
        for node in self.nodes:
            node.bind()

    def add_node(self) -> Node:
        return self._add("--address", self.address)

    def _add(self, *arguments: str) -> Node:
        cards = ("--num-gpus", str(self._cards))
        node = Node(self._folder, self.environment, *cards, *arguments, processor=len(self.nodes))
        self.nodes.append(node)
        return node

    def deploy(self, *, replicas: int, changes: Mapping[str, Any] | None = None) -> None:
        """Serve the file of the repository with so many replicas, on a port of this cluster.

        `changes` are made to its deployment. A file that differs in one replaces the replicas.
        """
        file = self._folder / "serve.yaml"
        file.write_text(yaml.safe_dump(self._adapted(replicas, changes or {})))
        address = f"http://127.0.0.1:{self._dashboard}"
        self._command(_SERVE, "deploy", "--address", address, str(file))
        self._await(lambda: len(self.replicas()) == replicas)

    def _adapted(self, replicas: int, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The nodes share a port, so one of them has the ingress."""
        config: dict[str, Any] = yaml.safe_load(SERVE_FILE.read_text())
        config["proxy_location"] = "HeadOnly"
        config["http_options"] = {"host": "127.0.0.1", "port": self.port}
        (deployment,) = config["applications"][0]["deployments"]
        deployment["autoscaling_config"]["min_replicas"] = replicas
        deployment |= changes
        return config

    def replicas(self) -> set[str]:
        """Those that Serve says are running."""
        applications = self._ask("/api/serve/applications/").json()["applications"]
        for application in applications.values():
            if application["status"] == "DEPLOY_FAILED":
                raise AssertionError(application["message"])
        return {
            replica["replica_id"]
            for application in applications.values()
            for deployment in application["deployments"].values()
            for replica in deployment["replicas"]
            if replica["state"] == "RUNNING"
        }

    def log(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self._folder.glob("*.log")))

    def processor_seconds(self) -> float:
        """What all processes of the nodes have used so far, the ingress included."""
        ticks = 0
        for node in self.nodes:
            for process in processes(node.process.pid):
                with suppress(OSError):
                    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _alive(self) -> int:
        nodes = self._ask("/nodes?view=summary").json()["data"]["summary"]
        return sum(node["raylet"].get("state") == "ALIVE" for node in nodes)

    def _ask(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self._dashboard}{path}", timeout=20)

    def _await(self, condition: Callable[[], bool]) -> None:
        def holds() -> bool:
            if any(node.process.poll() is not None for node in self.nodes):
                raise AssertionError(f"a node has ended:\n{self.log()}")
            time.sleep(0.2)
            try:
                return condition()
            except (requests.RequestException, KeyError, ValueError):
                return False

        if not eventually(holds, START_SECONDS):
            raise AssertionError(f"the cluster is not ready:\n{self.log()}")

    def _command(self, *words: str | Path) -> None:
        done = subprocess.run(
            words, env=self.environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def _end(self) -> None:
        for node in reversed(self.nodes):
            node.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def processes(session: int) -> list[int]:
    """Processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(folder.name)) == session:
                found.append(int(folder.name))
    return found

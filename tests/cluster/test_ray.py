"""The service and long jobs on real clusters of Ray: `make ray-test`."""

import importlib
import inspect
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from app.cli.serve_ray import node_environment
from tests.cluster.nodes import SERVE_FILE, Cluster, free_port, processes, serve_ports
from tests.servers import REPOSITORY, eventually

pytestmark = pytest.mark.ray

needs_haproxy = pytest.mark.skipif(
    shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin:/usr/bin") is None,
    reason="apt-get install haproxy",
)
KEY = "a-key-for-the-cluster"
HEADERS = {"X-API-Key": KEY}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes, a replica on each, with room for four pictures."""
    settings = {"ALPR_API_KEYS": KEY, "ALPR_MAX_IN_FLIGHT": "4", "ALPR_MAX_BATCH_FILES": "4"}
    with Cluster(settings) as cluster:
        cluster.deploy(replicas=2)
        yield cluster


def read(cluster: Cluster, picture: bytes, **headers: str) -> requests.Response:
    return requests.post(
        f"{cluster.url}/predict/file", files={"file": picture}, headers=headers, timeout=60
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own
def test_files_are_as_ray_wants_them() -> None:
    schema = importlib.import_module("ray.serve.schema")
    file = schema.ServeDeploySchema.model_validate(yaml.safe_load(SERVE_FILE.read_text()))
    (deployment,) = file.applications[0].deployments
    assert deployment.backpressure_config.status_code == 503
    known = inspect.getsource(importlib.import_module("ray.serve._private.constants"))
    for name in node_environment(SERVE_FILE.with_name("environment")):
        assert f'"{name}"' in known or name == "RAY_USAGE_STATS_ENABLED", name


@needs_haproxy
def test_answers_are_those_of_the_service(cluster: Cluster, car_jpeg: bytes) -> None:
    answer = read(cluster, car_jpeg, **HEADERS)
    assert (answer.status_code, answer.json()["plate"]) == (200, "ABC123")
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    refused = read(cluster, car_jpeg)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    wrong = read(cluster, b"no picture", **HEADERS)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_image")
    assert requests.get(f"{cluster.url}/health/ready", timeout=20).status_code == 200


@needs_haproxy
def test_too_much_is_refused_with_a_time_to_come_back(cluster: Cluster, car_jpeg: bytes) -> None:
    with ThreadPoolExecutor(32) as clients:
        jobs = [clients.submit(read, cluster, car_jpeg, **HEADERS) for _ in range(96)]
        answers = [job.result() for job in jobs]
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert (answer.json()["code"], answer.headers["Retry-After"]) == ("overloaded", "1")


@needs_haproxy
def test_prometheus_has_the_metrics_of_every_replica(cluster: Cluster, car_jpeg: bytes) -> None:
    def counted() -> dict[str, float]:
        """Pictures by replica, on all nodes."""
        read(cluster, car_jpeg, **HEADERS)
        lines = [line for node in cluster.nodes for line in node.metrics().splitlines()]
        name = "ray_alpr_picture_duration_seconds_count{"
        found = [line for line in lines if line.startswith(name)]
        return {
            line.partition('replica="')[2].partition('"')[0]: float(line.rpartition(" ")[2])
            for line in found
        }

    assert eventually(lambda: len(counted()) == 2 and min(counted().values()) > 0, 60), counted()


@contextmanager
def asking(cluster: Cluster, picture: bytes, *, clients: int) -> Iterator[Counter[int | str]]:
    """Ask all the while; what became of it is complete at the end."""
    statuses: Counter[int | str] = Counter()
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                statuses[read(cluster, picture, **HEADERS).status_code] += 1
            except requests.RequestException as error:
                statuses[repr(error)] += 1

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@needs_haproxy
def test_replicas_are_replaced_without_a_failed_request(cluster: Cluster, car_jpeg: bytes) -> None:
    """As `serve deploy` does with a changed file: one after the other, each drained first."""
    before = cluster.replicas()
    with asking(cluster, car_jpeg, clients=2) as statuses:
        cluster.deploy(replicas=2, changes={"ray_actor_options": {"num_cpus": 0.9}})
        assert eventually(lambda: cluster.replicas().isdisjoint(before), 120), cluster.replicas()
        time.sleep(1)
    assert set(statuses) == {200}, statuses


@needs_haproxy
def test_replicas_follow_the_requests(cluster: Cluster, car_jpeg: bytes) -> None:
    scaling = {"max_replicas": 2, "target_ongoing_requests": 1.5}
    quick = {"upscale_delay_s": 1, "downscale_delay_s": 2}
    changes = {"autoscaling_config": {"min_replicas": 1, **scaling, **quick}}
    with asking(cluster, car_jpeg, clients=1) as statuses:
        cluster.deploy(replicas=1, changes=changes)
    assert set(statuses) == {200}, statuses
    with asking(cluster, car_jpeg, clients=4):
        assert eventually(lambda: len(cluster.replicas()) == 2, 120)


@needs_haproxy
def test_replicas_share_a_card(car_jpeg: bytes) -> None:
    """As far as Ray places them; none is here, so they read on the processor."""
    changes = {
        "max_replicas_per_node": 2,
        "ray_actor_options": {"num_cpus": 0.5, "num_gpus": 0.5},
    }
    with Cluster({"ALPR_API_KEYS": KEY}, nodes=1, cards=1) as cluster:
        cluster.deploy(replicas=2, changes=changes)
        assert read(cluster, car_jpeg, **HEADERS).json()["plate"] == "ABC123"


@needs_haproxy
def test_one_command_serves_on_this_machine(tmp_path: Path, car_jpeg: bytes) -> None:
    """And leaves nothing behind when it is interrupted."""
    shutil.copytree(SERVE_FILE.parent, tmp_path / "ray")
    file = tmp_path / "ray" / SERVE_FILE.name
    port = free_port()
    options = {**yaml.safe_load(file.read_text()), "http_options": {"port": port}}
    file.write_text(yaml.safe_dump(options))
    log = tmp_path / "log"
    with log.open("wb") as output:
        service = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--ray", str(file)],
            cwd=REPOSITORY,
            env={**os.environ, "RAY_AUTH_MODE": "disabled", **serve_ports()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:

        def ready() -> bool:
            time.sleep(0.5)
            assert service.poll() is None, log.read_text()
            try:
                answer = requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
            except requests.RequestException:
                return False
            return answer.status_code == 200

        assert eventually(ready, 180), log.read_text()
        key = log.read_text().partition("X-API-Key: ")[2].split()[0]
        url = f"http://127.0.0.1:{port}/predict/file"
        answer = requests.post(
            url, files={"file": car_jpeg}, headers={"X-API-Key": key}, timeout=30
        )
        assert (answer.status_code, answer.json().get("plate")) == (200, "ABC123"), answer.text
        service.send_signal(signal.SIGINT)
        service.wait(90)
        assert eventually(lambda: not processes(service.pid), 60), processes(service.pid)
    finally:
        for process in processes(service.pid):
            os.kill(process, signal.SIGKILL)
        service.wait()

"""The image as it is built, run and stopped: `make image-test`, which takes minutes."""

import json
from collections.abc import Iterator

import pytest

from app.config import Settings
from app.lab.benchmark.edge import ENVIRONMENT, MEMORY, largest_picture, read_environment
from tests.deploy.dockerfiles import stages
from tests.deploy.image.engine import NAME, Container, Images, Limits

pytestmark = pytest.mark.image

KEY = "a-key-of-this-test"
PREDICT = """
import sys, requests
answer = requests.post("http://127.0.0.1:8000/predict/file", headers={"X-API-Key": sys.argv[1]},
                       files={"file": sys.stdin.buffer.read()}, timeout=60)
print(answer.text)
"""
CROWD = """
import sys, requests
from concurrent.futures import ThreadPoolExecutor
picture = sys.stdin.buffer.read()
def predict(_):
    return requests.post("http://127.0.0.1:8000/predict/file", headers={"X-API-Key": sys.argv[1]},
                         files={"file": picture}, timeout=120).status_code
with ThreadPoolExecutor(8) as clients:
    print(set(clients.map(predict, range(16))))
"""
METRICS = "import requests; print(requests.get('http://127.0.0.1:8000/metrics', timeout=60).text)"


@pytest.fixture(scope="module")
def container(images: Images) -> Iterator[Container]:
    """One processor, although the machine has more, and 1 GiB."""
    with Container(
        images, NAME, Limits(processors=1, memory=1 << 30), {"ALPR_API_KEYS": KEY}
    ) as container:
        yield container


def test_image_says_what_the_service_needs(images: Images) -> None:
    said = images.configuration(NAME)
    port = Settings.model_fields["port"].default
    assert said["ExposedPorts"] == {f"{port}/tcp": {}}
    assert said["StopSignal"] == "SIGTERM"
    assert said["Cmd"] == stages("Dockerfile")[-1].command


def test_becomes_healthy(container: Container) -> None:
    assert container.execute(container.healthcheck).returncode == 0
    print(f"healthy after {container.start_seconds:.1f} s")  # noqa: T201


def test_reads_a_plate(container: Container, car_jpeg: bytes) -> None:
    answer = container.execute(["python", "-c", PREDICT, KEY], stdin=car_jpeg)
    assert json.loads(answer.stdout)["plate"] == "ABC123", answer.stderr
    print(f"{container.peak_memory() / 2**20:.0f} MiB at most")  # noqa: T201


def test_quota_of_processors_is_understood(container: Container) -> None:
    metrics = container.execute(["python", "-c", METRICS]).stdout.decode()
    assert "alpr_workers 1.0" in metrics.splitlines()


def test_runs_without_rights(container: Container) -> None:
    status = container.execute(["cat", "/proc/1/status"]).stdout.decode()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == {"10001"}
    assert set(fields["Gid"].split()) == {"10001"}
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_root_cannot_be_written(container: Container) -> None:
    asked = container.execute(["touch", "/srv/nz-alpr/written"])
    assert b"Read-only file system" in asked.stderr


def test_has_no_tool_to_build_with(container: Container) -> None:
    for tool in ("gcc", "pip", "/opt/venv/bin/pip"):
        inside = container.execute(["sh", "-c", f"command -v {tool}"]).stdout.decode().strip()
        assert not inside.startswith("/opt/venv"), inside


def test_stops_cleanly_and_wanted_to_write_nowhere(container: Container) -> None:
    """The last: it ends the container."""
    left = container.execute(["find", "/tmp", "-mindepth", "1"]).stdout
    settings = Settings.model_validate({"auth": "off"})
    assert container.stop(settings.stop_seconds) == 0
    assert left == b""
    log = container.log()
    assert "Traceback" not in log
    assert "Read-only" not in log
    assert " WARNING " not in log
    assert KEY not in log


def test_box_at_the_gate_has_room_for_the_largest_pictures(images: Images) -> None:
    """As many as are accepted at a time, within one processor and 1 GiB that the kernel guards."""
    environment = {**read_environment(ENVIRONMENT), "ALPR_API_KEYS": KEY, "ALPR_DEADLINE": "100"}
    picture = largest_picture(int(environment["ALPR_MAX_PIXELS"]))
    with Container(images, NAME, Limits(processors=1, memory=MEMORY), environment) as box:
        answer = box.execute(["python", "-c", CROWD, KEY], stdin=picture)
        assert answer.stdout.strip() == b"{200}", answer.stderr + box.log().encode()
        said = (
            f"edge: healthy after {box.start_seconds:.1f} s, {box.peak_memory() >> 20} MiB at most"
        )
        print(said)  # noqa: T201
        assert box.stop(120) == 0

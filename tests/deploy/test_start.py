"""The image without an engine: its files, its command, and `requirements.txt` alone."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import onnxruntime as ort
import pytest

from tests.deploy.dockerfiles import REPOSITORY, build_context, stages

pytestmark = pytest.mark.slow  # an environment of its own is installed

START_SECONDS = 120


@pytest.fixture(scope="module")
def runtime() -> Path:
    """An environment with nothing but requirements.txt, kept between runs until that changes."""
    requirements = REPOSITORY / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nz-alpr"
    environment = cache / f"runtime-{digest}"
    complete = environment / "complete"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:  # two runs of the suite may want it at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists():
            return environment
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        pip = (sys.executable, "-m", "pip", "--quiet", "--python", environment)
        subprocess.run([*pip, "install", "--only-binary=:all:", "-r", requirements], check=True)
        complete.touch()
    return environment


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files of the build context where the Dockerfile puts them."""
    context = build_context()
    for copy in stages("Dockerfile")[-1].copies:
        for source in copy.sources if copy.stage is None else ():
            for file in (f for f in context if f == source or f.startswith(f"{source}/")):
                target = tmp_path / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(REPOSITORY / file, target)
    return tmp_path


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_image_starts_answers_its_healthcheck_and_stops_cleanly(
    backend: str,
    runtime: Path,
    image: Path,
    weights_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    final = stages("Dockerfile")[-1]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))  # and handed over, so that nobody else gets the port
    home = tmp_path_factory.mktemp("home")
    environment = {
        **final.environment,
        "HOME": str(home),
        "PATH": f"{runtime / 'bin'}:/usr/bin:/bin",
        "ALPR_HOST": "127.0.0.1",
        "ALPR_PORT": str(listener.getsockname()[1]),
        "ALPR_BACKEND": backend,
        **weights_environment,
    }

    def is_healthy() -> bool:
        check = subprocess.run(
            final.healthcheck, cwd=image, env=environment, capture_output=True, check=False
        )
        return check.returncode == 0

    assert not is_healthy()
    with subprocess.Popen(
        [*final.command, "--fd", str(listener.fileno())],
        cwd=image,
        env=environment,
        pass_fds=[listener.fileno()],
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        listener.close()
        try:
            give_up = time.monotonic() + START_SECONDS
            while not is_healthy():
                assert service.poll() is None, service.communicate()[1]
                assert time.monotonic() < give_up
                time.sleep(0.1)
            with urlopen(f"http://127.0.0.1:{environment['ALPR_PORT']}/health") as answer:
                health = json.load(answer)
        finally:
            service.send_signal(signal.SIGTERM)
            log = service.communicate(timeout=120)[1]
    assert service.returncode == 0, log
    assert "Traceback" not in log
    assert {health[network]["backend"] for network in ("detector", "ocr")} == {backend}
    assert not list(home.iterdir())  # nor does a library leave something there


@pytest.fixture(scope="module")
def without_cuda(weights_environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `serve` does with ALPR_DEVICE=cuda where CUDA is not to be had."""
    if "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this onnxruntime is a CUDA build")
    return subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=REPOSITORY,
        env={**os.environ, **weights_environment, "ALPR_DEVICE": "cuda", "ALPR_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def test_cuda_is_never_replaced_by_the_cpu(
    without_cuda: subprocess.CompletedProcess[str],
) -> None:
    assert without_cuda.returncode > 0
    assert "CUDAExecutionProvider is not available" in without_cuda.stderr
    assert "ALPR_DEVICE=cpu" in without_cuda.stderr


def test_missing_cuda_is_told_without_a_traceback(
    without_cuda: subprocess.CompletedProcess[str],
) -> None:
    assert "Traceback" not in without_cuda.stderr

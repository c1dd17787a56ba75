"""The two servers under test, as processes."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Literal

from app.lab.benchmark import article
from app.vision.backends.runtime import Device
from app.weights.resolve import Weights

STARTUP_SECONDS = 60
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on the loopback address."""

    name: str
    port: int
    pid: int
    startup_seconds: float

    def cpu_seconds(self) -> float:
        """Processor time of the process so far, user and system (proc(5))."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            text: str = answer.read().decode()
        return text


@contextmanager
def article_server(weights: Weights) -> Iterator[Server]:
    environment = {
        article.DETECTOR: str(weights.detector.path),
        article.OCR: str(weights.ocr.path),
        article.OCR_CONFIG: str(weights.ocr.config),
    }
    command = ["-m", "uvicorn", "--factory", "app.lab.benchmark.article:create_app"]
    with _running("article", [*command, "--log-level", "info"], environment) as server:
        yield server


@contextmanager
def our_server(
    weights: Weights,
    *,
    detail: str | None = None,
    device: Device = "cpu",
    precision: Literal["exact", "fast"] = "exact",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """Ours with its default settings, but for `precision`, and `detail` and `environment` where
    they are given."""
    settings = {
        "ALPR_DETECTOR_PATH": str(weights.detector.path),
        "ALPR_OCR_PATH": str(weights.ocr.path),
        "ALPR_OCR_CONFIG_PATH": str(weights.ocr.config),
        "ALPR_API_KEYS": article.API_KEY,
        "ALPR_DEVICE": device,
        "ALPR_PRECISION": precision,
        "ALPR_LOG_LEVEL": "INFO",  # which tells the port
        **environment,
    }
    if detail is not None:
        settings["ALPR_DETAIL"] = detail
    name = f"nz-alpr, {detail or precision}"
    with _running(name, ["-m", "app", "serve", "--host", "127.0.0.1"], settings) as server:
        yield server


@contextmanager
def _running(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Server]:
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command, "--port", "0"],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            port = _await_health(process, log, start)
            yield Server(name, port, process.pid, time.monotonic() - start)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await_health(process: "subprocess.Popen[bytes]", log: IO[bytes], start: float) -> int:
    while process.poll() is None and time.monotonic() - start < STARTUP_SECONDS:
        port = announced_port(log)
        try:
            if port is not None:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                return port
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # announced before it listens
        time.sleep(0.05)
    raise RuntimeError("the server under test did not start")


def announced_port(log: IO[bytes]) -> int | None:
    """The port that uvicorn, told to take any, says it listens on.

    Args:
        log: file that a process writes to; its offset, which both share, stays.
    """
    written = os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
    found = re.search(rb"running on http://[\w.]+:(\d+)", written)
    return int(found[1]) if found else None

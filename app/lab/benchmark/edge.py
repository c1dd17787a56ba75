"""`benchmark edge`: the service on one core with the settings of a box at the gate."""

import argparse
import os
import platform
import re
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import cv2
import requests
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.config.weights import REPOSITORY
from app.lab.benchmark import article
from app.lab.benchmark.passes import drawn_passes, drawn_prior
from app.lab.benchmark.servers import Server, our_server
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from app.weights.resolve import resolve_weights

ENVIRONMENT = REPOSITORY / "deploy" / "edge.env"
PICTURE = REPOSITORY / "app" / "console" / "sample.jpg"
ASPECT = 4 / 3
MEMORY = 1 << 30
"""Bytes of memory that the box has for the service."""


@dataclass(frozen=True, slots=True)
class Service:
    """Bytes of resident memory, when it was ready and at most; `read_s` of one small picture."""

    start_s: float
    ready_bytes: int
    peak_bytes: int
    read_s: float


@dataclass(frozen=True, slots=True)
class Writes:
    """What a pass makes the store write, and bytes of that which are left for the disk to keep."""

    asked_bytes: float
    disk_bytes: float


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", type=Path, default=ENVIRONMENT, help="file of settings")
    parser.add_argument("--pictures", type=types.count, default=100)
    parser.add_argument(
        "--passes", type=types.count, default=120, help="kept, at most two a second"
    )
    parser.add_argument("--folder", type=Path, help="of a store, on the disk that counts")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    environment = read_environment(arguments.env)
    service = measure_service(environment, arguments.pictures)
    with tempfile.TemporaryDirectory(prefix="nz-alpr-", dir=arguments.folder) as folder:
        writes = measure_writes(Path(folder), arguments.passes)
    table = Table("start", "ready", "at most", "a picture", "written a pass", "to the disk")
    table.title = f"{datetime.now(UTC).date()}, one core, {platform.machine()}"
    table.add_row(
        f"{service.start_s:.1f} s",
        *(f"{size / 2**20:.0f} MiB" for size in (service.ready_bytes, service.peak_bytes)),
        f"{service.read_s * 1e3:.0f} ms",
        *(f"{size / 2**10:.1f} KiB" for size in (writes.asked_bytes, writes.disk_bytes)),
    )
    Console().print(table)
    return 0 if service.peak_bytes < MEMORY else 1


def read_environment(file: Path) -> dict[str, str]:
    """Variables of a file as Docker reads it: NAME=VALUE, and lines of comments."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def measure_service(environment: Mapping[str, str], pictures: int) -> Service:
    """Small pictures one after the other, then as many of the largest as are accepted at a time."""
    settings = Settings.model_validate(
        {name.removeprefix("ALPR_").lower(): value for name, value in environment.items()}
    )
    small, large = PICTURE.read_bytes(), largest_picture(settings.max_pixels)
    assert len(large) <= settings.max_upload_bytes
    with one_core(), our_server(resolve_weights(settings), environment=environment) as server:
        resource.prlimit(server.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
        ready = memory(server, "VmRSS")
        times = [_read(server, small) for _ in range(pictures)]
        with ThreadPoolExecutor(settings.max_in_flight) as clients:
            list(clients.map(lambda _: _read(server, large), range(settings.max_in_flight * 2)))
        return Service(server.startup_seconds, ready, memory(server, "VmHWM"), median(times))


def measure_writes(folder: Path, passes: int, *, pause_s: float = 0.5) -> Writes:
    """Passes without pictures one by one, as traffic comes, and the closing of the store."""
    now = datetime.now(UTC)
    drawn = (replace(each, at=now, last_at=now) for each in drawn_passes(passes + 1))
    store = PassStore(Settings(store_path=folder), prior=drawn_prior())
    store.add(next(drawn))
    while not any(store.export(PassFilter(), who="benchmark")):  # the tables are made meanwhile
        time.sleep(0.05)
    begun = _written()
    for passing in drawn:
        store.add(passing)
        time.sleep(pause_s)
    store.close()
    asked, disk = (after - before for before, after in zip(begun, _written(), strict=True))
    return Writes(asked / passes, disk / passes)


def largest_picture(pixels: int) -> bytes:
    """A JPEG of as many pixels as are read."""
    width = int((pixels * ASPECT) ** 0.5)
    size = (width, pixels // width)
    sample = cv2.imread(str(PICTURE))
    assert sample is not None
    _, data = cv2.imencode(".jpg", cv2.resize(sample, size, interpolation=cv2.INTER_LINEAR))
    return data.tobytes()


@contextmanager
def one_core() -> Iterator[None]:
    """What is started meanwhile has one processor."""
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def memory(server: Server, kind: str) -> int:
    """Bytes, by a name of proc(5)'s status."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(rf"^{kind}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def _read(server: Server, picture: bytes) -> float:
    begun = time.monotonic()
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/predict/file",
        headers={"X-API-Key": article.API_KEY},
        files={"file": picture},
        timeout=60,
    )
    answer.raise_for_status()
    return time.monotonic() - begun


def _written() -> tuple[int, int]:
    """Bytes this process has written, and those of them that were not deleted before they reached
    the disk (`/proc/self/io` of proc(5))."""
    lines = Path("/proc/self/io").read_text().splitlines()
    counts = {name: int(count) for name, _, count in (line.partition(": ") for line in lines)}
    return counts["wchar"], counts["write_bytes"] - counts["cancelled_write_bytes"]

"""How many cameras this machine watches: `python -m app.lab.benchmark.cameras`.

The service as operators run it watches MJPEG cameras that drawn vehicles pass. What is told: how
old frames are at the end of their reading, how many there was no time for, and the service's
memory over time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.lab.benchmark.article import API_KEY
from app.lab.benchmark.servers import Server, our_server
from app.lab.synth.video.traffic import draw_traffic
from app.lab.synth.video.types import Camera, Traffic
from app.processors import usable_processors
from app.weights.resolve import resolve_weights

WARM_UP_S = 20.0
LOOK_S = 5.0
LIMIT_S = 1.0
"""No frame may be older at the end of its reading."""


@dataclass(frozen=True, slots=True)
class CameraResult:
    """`late` of the `read` frames were older than the limit; `p99_s` is a bound from buckets."""

    name: str
    read_a_second: float
    read: int
    dropped: int
    late: int
    p99_s: float
    passes: int


@dataclass(slots=True)
class Result:
    """Bytes of memory by seconds since the measurement began, and the processors that were busy."""

    seconds: float
    cameras: list[CameraResult] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    processors: float = 0.0

    @property
    def growth(self) -> float:
        """Bytes an hour: the slope of a straight line through the memory."""
        seconds, sizes = np.array(self.memory, float).T
        return float(np.polyfit(seconds, sizes, 1)[0] * 3600)


class Samples:
    """The metrics of the service at one moment."""

    def __init__(self, exposition: str) -> None:
        self._values: dict[tuple[str, str, str], float] = {}
        for family in text_string_to_metric_families(exposition):
            for sample in family.samples:
                camera = sample.labels.get("camera")
                if camera is not None:
                    key = sample.name, camera, sample.labels.get("le", "")
                    self._values[key] = self._values.get(key, 0.0) + sample.value

    def value(self, name: str, camera: str, le: str = "") -> float:
        return self._values.get((f"alpr_camera_{name}", camera, le), 0.0)

    def buckets(self, camera: str) -> dict[float, float]:
        return {
            float(le): value
            for (name, of, le), value in self._values.items()
            if (name, of) == ("alpr_camera_lag_seconds_bucket", camera)
        }


@contextmanager
def running_cameras(folder: Path, fps: float) -> Iterator[int]:
    """The port of a process that sends the pictures of a folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.lab.benchmark.mjpeg", str(folder), str(fps)],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def draw(folder: Path, *, width: int, height: int, fps: float, vehicles: int) -> None:
    """Write the frames of drawn traffic as JPEGs."""
    frames, _ = draw_traffic(
        np.random.default_rng(1),
        Traffic(vehicles=vehicles),
        Camera(width=width, height=height, fps=fps),
    )
    for number, frame in enumerate(track(frames, "drawing", console=Console(stderr=True))):
        cv2.imwrite(
            str(folder / f"{number:05d}.jpg"), frame.picture, [cv2.IMWRITE_JPEG_QUALITY, 85]
        )


def cameras_file(folder: Path, *, port: int, count: int, fps: float) -> Path:
    lines = ["defaults:", f"  fps: {fps}", "cameras:"]
    for number in range(count):
        lines += [f"  camera-{number}:", f"    source: http://127.0.0.1:{port}/{number}"]
    file = folder / "cameras.yml"
    file.write_text("\n".join(lines) + "\n")
    return file


def measure(server: Server, names: list[str], seconds: float) -> Result:
    result = Result(seconds)
    time.sleep(WARM_UP_S)
    before, busy_s, begun = Samples(server.get("/metrics")), server.cpu_seconds(), time.monotonic()
    while (spent := time.monotonic() - begun) < seconds:
        result.memory.append((spent, _memory(server.pid)))
        time.sleep(min(LOOK_S, seconds - spent))
    after, spent = Samples(server.get("/metrics")), time.monotonic() - begun
    result.memory.append((spent, _memory(server.pid)))
    result.processors = (server.cpu_seconds() - busy_s) / spent
    result.cameras = [_result(name, before, after, spent) for name in names]
    return result


def _result(name: str, before: Samples, after: Samples, seconds: float) -> CameraResult:
    def grown(metric: str, le: str = "") -> int:
        return int(after.value(metric, name, le) - before.value(metric, name, le))

    read = grown("lag_seconds_count")
    ages = {
        le: count - before.buckets(name).get(le, 0.0) for le, count in after.buckets(name).items()
    }
    bounds = [le for le, count in sorted(ages.items()) if count >= 0.99 * read]
    return CameraResult(
        name=name,
        read_a_second=read / seconds,
        read=read,
        dropped=grown("frames_dropped_total"),
        late=read - grown("lag_seconds_bucket", str(LIMIT_S)),
        p99_s=bounds[0],
        passes=grown("passes_total"),
    )


def _memory(pid: int) -> int:
    """Resident bytes (proc(5))."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m app.lab.benchmark.cameras")
    parser.add_argument("--cameras", type=types.count, default=8)
    parser.add_argument("--seconds", type=types.seconds, default=600.0)
    parser.add_argument("--fps", type=types.seconds, default=5.0, help="read of each camera")
    parser.add_argument("--sent", type=types.seconds, default=25.0, help="frames/s of a camera")
    parser.add_argument("--width", type=types.count, default=1280)
    parser.add_argument("--height", type=types.count, default=720)
    parser.add_argument(
        "--vehicles", type=types.count, default=3, help="that pass, again and again"
    )
    parser.add_argument("--detail", choices=("low", "auto", "high"))
    parser.add_argument("--precision", choices=("exact", "fast"), default="exact")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    chosen = parser.parse_args()
    names = [f"camera-{number}" for number in range(chosen.cameras)]
    with tempfile.TemporaryDirectory(prefix="nz-alpr-cameras-") as directory:
        folder = Path(directory)
        draw(
            folder,
            width=chosen.width,
            height=chosen.height,
            fps=chosen.sent,
            vehicles=chosen.vehicles,
        )
        with running_cameras(folder, chosen.sent) as port:
            file = cameras_file(folder, port=port, count=chosen.cameras, fps=chosen.fps)
            environment = {
                "ALPR_CAMERAS_FILE": str(file),
                "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
                "ALPR_API_KEYS": API_KEY,
            }
            with our_server(
                resolve_weights(Settings()),
                detail=chosen.detail,
                precision=chosen.precision,
                environment=environment,
            ) as server:
                result = measure(server, names, chosen.seconds)
    _print(result, chosen)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(asdict(result), indent=2))
    return 1 if any(camera.late for camera in result.cameras) else 0


def _print(result: Result, chosen: argparse.Namespace) -> None:
    console = Console()
    late = f"older than {LIMIT_S:g} s"
    table = Table("camera", "read/s", "dropped", late, "p99 below", "passes")
    console.print(
        f"{datetime.now(UTC).date()}, {usable_processors()} processors: "
        f"{chosen.cameras} cameras of {chosen.width} x {chosen.height} at {chosen.sent:g} "
        f"frames/s, {chosen.fps:g} of them to be read, for {result.seconds:g} s"
    )
    for camera in result.cameras:
        table.add_row(
            camera.name,
            f"{camera.read_a_second:.2f}",
            str(camera.dropped),
            str(camera.late),
            f"{camera.p99_s:g} s",
            str(camera.passes),
        )
    console.print(table)
    sizes = [size / 2**20 for _, size in result.memory]
    console.print(
        f"memory: {sizes[0]:.0f} MiB at first, {max(sizes):.0f} at most, {sizes[-1]:.0f} at last; "
        f"slope {result.growth / 2**20:+.0f} MiB/h; {result.processors:.2f} processors busy"
    )


if __name__ == "__main__":
    sys.exit(main())

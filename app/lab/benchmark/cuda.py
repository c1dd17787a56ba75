"""The service on CUDA against the CPU of the same machine: `python -m app.lab.benchmark.cuda`.

Weights are those of the settings (`ALPR_DETECTOR_PATH` and so on).
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime as ort
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.building import build_engine
from app.config import Settings
from app.engine import Engine
from app.lab.benchmark.agreement import agreement
from app.lab.benchmark.article import API_KEY
from app.lab.benchmark.frames import write_frames
from app.lab.benchmark.load import drive, upload_request
from app.lab.benchmark.placement import placement
from app.lab.benchmark.servers import our_server
from app.pictures import find_pictures
from app.vision.backends.cuda import require_cuda
from app.vision.backends.graph import optimize_detector
from app.vision.backends.runtime import Device
from app.vision.detection.search import Detail
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.recognizer import MAX_BATCH
from app.weights.resolve import Weights, resolve_weights

DEVICES: tuple[Device, ...] = ("cpu", "cuda")
DETAILS: tuple[Detail, ...] = ("low", "auto")
CLIENTS = (1, 16)
FRAMES = 32
RUNS = 100


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app.lab.benchmark.cuda")
    parser.add_argument("pictures", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--seconds", type=types.seconds, default=5.0, help="of each measurement")
    arguments = parser.parse_args()
    require_cuda()
    pictures = list(find_pictures(arguments.pictures))
    settings = Settings()
    weights = resolve_weights(settings)
    console = Console(width=120)
    console.print(f"{datetime.now(UTC).date()}, {_card()}, {os.cpu_count()} processors")
    console.print(f"{weights.detector.name}, {weights.ocr.name}")
    console.print(", ".join(libraries()))
    started: dict[Device, float] = {}
    engines: dict[Device, Engine] = {}
    for device in DEVICES:
        begun = time.perf_counter()
        engines[device] = build_engine(settings.model_copy(update={"device": device}), weights)
        started[device] = time.perf_counter() - begun
    with closing(engines["cpu"]), closing(engines["cuda"]) as gpu:
        console.print(", ".join(f"{name} starts in {s:.1f} s" for name, s in started.items()))
        console.print(_placements(weights, gpu.pipeline))
        console.print(_agreements(engines, pictures))
        console.print(_network_runs({name: each.pipeline for name, each in engines.items()}))
        with tempfile.TemporaryDirectory() as directory:
            written = write_frames(pictures[:FRAMES], Path(directory))
            frames = [path.read_bytes() for path in written]
        console.print(_speeds(engines, frames, arguments.seconds))
    console.print(_http(weights, frames, arguments.seconds))


def libraries() -> list[str]:
    """What is loaded: onnxruntime, and NVIDIA's packages by the paths in this process's map."""
    loaded = Path("/proc/self/maps").read_text()
    names = {str(each.metadata["Name"]): each.version for each in metadata.distributions()}
    found = [f"onnxruntime {ort.__version__}"]
    for name, library in LIBRARIES.items():
        if library in loaded:
            found.append(f"{name} {names.get(name, 'of the system')}")
    return found


LIBRARIES = {
    "nvidia-cublas": "libcublasLt.so",
    "nvidia-cuda-nvrtc": "libnvrtc.so",
    "nvidia-cuda-runtime": "libcudart.so",
    "nvidia-cudnn-cu13": "libcudnn.so",
    "nvidia-cufft": "libcufft.so",
    "nvidia-curand": "libcurand.so",
    "nvidia-nvjitlink": "libnvJitLink.so",
}


def _card() -> str:
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout.strip()


def _placements(weights: Weights, pipeline: PlatePipeline) -> Table:
    table = Table("network", "nodes", "ms", "on the CPU", "copies", "copies ms")
    table.title = "Where nodes run, one thread"
    detector, recognizer = pipeline.detector, pipeline.recognizer
    size = detector.size
    rng = np.random.default_rng(1)
    picture = rng.random((1, 3, size, size), np.float32)
    crop = recognizer.to_input(rng.integers(0, 256, (40, 120, 3), np.uint8))
    crops = np.stack([crop] * MAX_BATCH)
    for name, model, inputs in (
        ("detector", optimize_detector(weights.detector.path), {"images": picture}),
        ("OCR", weights.ocr.path, {recognizer.session.get_inputs()[0].name: crops}),
    ):
        found = placement(model, "cuda", inputs)
        table.add_row(
            name,
            _listed(found.nodes),
            ", ".join(f"{key} {value:.2f}" for key, value in found.milliseconds.items()),
            _listed(found.on_cpu),
            _listed(found.copies),
            f"{found.copy_milliseconds:.2f}",
        )
    return table


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{key} {value}" for key, value in counts.items())


def _agreements(engines: dict[Device, Engine], pictures: Sequence[Path]) -> Table:
    table = Table("detail", "pictures", "plates", "other texts", "least IoU", "detection", "text")
    table.title = "Answers on CUDA against the CPU's; greatest difference of confidences"
    data = [path.read_bytes() for path in pictures]
    for detail in DETAILS:
        options = ReadOptions(min_confidence=0.4, enhance="off", detail=detail)
        cpu, gpu = ([engines[d].submit(each, options) for each in data] for d in DEVICES)
        found = agreement((a.result(), b.result()) for a, b in zip(cpu, gpu, strict=True))
        table.add_row(
            detail,
            str(found.pictures),
            str(found.plates),
            str(found.other_texts),
            f"{found.least_iou:.3f}",
            f"{found.detection_difference:.5f}",
            f"{found.character_difference:.5f}",
        )
    return table


def _network_runs(pipelines: dict[Device, PlatePipeline]) -> Table:
    table = Table("device", "detector", "OCR, 1 crop", "OCR, 4 crops", title="One run, median ms")
    for device, pipeline in pipelines.items():
        frame = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
        tensor, *_ = pipeline.detector.to_input(frame)
        session, recognizer = pipeline.detector.session, pipeline.recognizer
        name = session.get_inputs()[0].name
        crop = frame[:40, :120]
        spent = [
            _median_ms(lambda: session.run(None, {name: tensor})),  # noqa: B023
            _median_ms(lambda: recognizer.read([crop])),  # noqa: B023
            _median_ms(lambda: recognizer.read([crop] * 4)),  # noqa: B023
        ]
        table.add_row(device, *(f"{milliseconds:.2f}" for milliseconds in spent))
    return table


def _median_ms(run: Callable[[], object]) -> float:
    spent = []
    for _ in range(RUNS + 5):
        begun = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent[5:]) * 1e3


def _speeds(engines: dict[Device, Engine], frames: Sequence[bytes], seconds: float) -> Table:
    table = Table("device", "detail", "clients", "pictures/s", "p50 ms", "p99 ms")
    table.title = "Frames of 1280 x 720 through the engine"
    for device, engine in engines.items():
        for detail in DETAILS:
            options = ReadOptions(min_confidence=0.4, enhance="off", detail=detail)
            for clients in CLIENTS:
                _drive(engine, frames, options, clients, 1.0)
                begun = time.perf_counter()
                spent = _drive(engine, frames, options, clients, seconds)
                rate = len(spent) / (time.perf_counter() - begun)
                p50, p99 = np.percentile(spent, [50, 99]) * 1e3
                table.add_row(
                    device, detail, str(clients), f"{rate:.1f}", f"{p50:.1f}", f"{p99:.1f}"
                )
    return table


def _drive(
    engine: Engine, frames: Sequence[bytes], options: ReadOptions, clients: int, seconds: float
) -> list[float]:
    """Seconds each picture took; every client sends its next one when the last is answered."""
    end = time.perf_counter() + seconds

    def client(number: int) -> list[float]:
        spent: list[float] = []
        while (begun := time.perf_counter()) < end:
            frame = frames[(number + len(spent)) % len(frames)]
            engine.submit(frame, options).result()
            spent.append(time.perf_counter() - begun)
        return spent

    with ThreadPoolExecutor(clients) as pool:
        return [each for one in pool.map(client, range(clients)) for each in one]


def _http(weights: Weights, frames: Sequence[bytes], seconds: float) -> Table:
    table = Table("device", "clients", "requests/s", "p50 ms", "p99 ms", "/health p99 ms", "failed")
    table.title = "The same frames over HTTP, default settings"
    requests = [upload_request(frame, API_KEY) for frame in frames]
    for device in DEVICES:
        with our_server(weights, device=device) as server:
            for clients in CLIENTS:
                drive(server.port, requests, clients=clients, seconds=1.0)
                found = drive(server.port, requests, clients=clients, seconds=seconds)
                table.add_row(
                    device,
                    str(clients),
                    f"{found.requests_per_second:.1f}",
                    f"{found.p50_ms:.1f}",
                    f"{found.p99_ms:.1f}",
                    f"{found.health_p99_ms:.1f}",
                    str(found.failed),
                )
    return table


if __name__ == "__main__":
    main()

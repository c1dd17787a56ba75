"""The bare library: fast-alpr without HTTP, in as many processes as there are processors.

`python -m app.lab.benchmark.library` is one of these processes: it loads, says that it is ready,
waits for a line, and reads pictures for some seconds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from fast_alpr import ALPR

from app.lab.benchmark.article import LocalDetector
from app.lab.benchmark.load import LoadResult, summary
from app.processors import usable_processors
from app.weights.resolve import Weights

WARM_UP = 3


def run_library(
    weights: Weights, frames: Sequence[Path], *, clients: int, seconds: float
) -> LoadResult:
    """Read pictures for some seconds, at the library's best settings for that many clients.

    One client gets all processors, more get a process with one thread on each of them.
    """
    processors = usable_processors()
    processes = min(clients, processors)
    command = [sys.executable, "-m", "app.lab.benchmark.library"]
    command += [str(weights.detector.path), str(weights.ocr.path), str(weights.ocr.config)]
    command += [*map(str, frames), "--seconds", str(seconds)]
    command += ["--threads", str(processors // processes)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(processes)
        ]
        for process in running:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("the library under test did not start")
        start = time.perf_counter()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
        outputs = [process.communicate()[0] for process in running]
        elapsed = time.perf_counter() - start
    latencies = [latency for output in outputs for latency in json.loads(output)]
    return summary(latencies, elapsed, clients=clients)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("detector", type=Path)
    parser.add_argument("ocr", type=Path)
    parser.add_argument("ocr_config", type=Path)
    parser.add_argument("frames", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = chosen.threads
    alpr = ALPR(
        detector=LocalDetector(str(chosen.detector), options),
        ocr_device="cpu",
        ocr_model_path=chosen.ocr,
        ocr_config_path=chosen.ocr_config,
        ocr_sess_options=options,
    )
    pictures = [path.read_bytes() for path in chosen.frames]
    for picture in pictures[:WARM_UP]:
        _read(alpr, picture)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    latencies: list[float] = []
    end = time.perf_counter() + chosen.seconds
    while (start := time.perf_counter()) < end:
        _read(alpr, pictures[len(latencies) % len(pictures)])
        latencies.append(time.perf_counter() - start)
    json.dump(latencies, sys.stdout)
    return 0


def _read(alpr: ALPR, picture: bytes) -> None:
    frame = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    alpr.predict(frame)


if __name__ == "__main__":
    sys.exit(main())

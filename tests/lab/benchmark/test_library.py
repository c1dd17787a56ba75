"""The bare library is driven as the servers are."""

import os
from pathlib import Path

import pytest

from app.config import Settings
from app.lab.benchmark.comparison import Benchmark
from app.lab.benchmark.library import run_library
from app.lab.benchmark.load import summary
from app.lab.benchmark.plot import plot_rates
from app.weights.resolve import resolve_weights


@pytest.mark.slow
def test_reads_pictures_in_processes_of_its_own(tmp_path: Path, car_jpeg: bytes) -> None:
    frame = tmp_path / "car.jpg"
    frame.write_bytes(car_jpeg)
    result = run_library(resolve_weights(Settings()), [frame] * 4, clients=64, seconds=0.5)
    assert result.clients == 64
    assert result.requests >= min(2, len(os.sched_getaffinity(0)))
    assert result.requests_per_second > 0
    assert result.failed == 0
    assert result.health_p99_ms is None


def test_rates_are_drawn(tmp_path: Path) -> None:
    results = [summary([0.01] * count, 1.0, clients=count) for count in (1, 4)]
    benchmark = Benchmark(
        results={"article": results, "library": results},
        ratios={},
        cpu_ms={},
        startup_seconds={},
        details=[],
        networks=[],
        size=(1024, 1024),
        frame_bytes=144_000,
    )
    plot_rates(benchmark, tmp_path / "rates.png")
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")

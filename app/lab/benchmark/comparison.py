"""Run all contenders under the same load and compare."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from app.lab.benchmark.arithmetic import NetworkCost, network_costs
from app.lab.benchmark.article import API_KEY
from app.lab.benchmark.frames import CAMERA, TWELVE_MEGAPIXELS, write_frames
from app.lab.benchmark.library import run_library
from app.lab.benchmark.load import LoadResult
from app.lab.benchmark.servers import Server, article_server, our_server
from app.vision.backends.runtime import Runtime, choose_runtime, has_bfloat16
from app.weights.resolve import Weights

CLIENTS = (1, 4, 16, 64)
LIBRARY = "library"
DETAILS = ("low", "auto", "high")
PRECISIONS: tuple[Literal["exact", "fast"], ...] = ("exact", "fast")
_STAGE_SUM = re.compile(r'alpr_stage_duration_seconds_sum\{stage="(\w+)"\} ([\d.e+-]+)')
_PASSES = re.compile(r"alpr_detector_passes_total ([\d.e+-]+)")


@dataclass(frozen=True, slots=True)
class DetailCost:
    """One client sending pictures of one size at one `detail`; milliseconds."""

    detail: str
    width: int
    height: int
    passes: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Medians over the rounds, by contender and number of clients.

    `ratios` are ours over `article` and over `library` in requests a second; `cpu_ms` is the
    processor time of each of our servers a request at the highest load, split by stage, the rest
    being HTTP. `networks` are the networks alone on each runtime.
    """

    results: dict[str, list[LoadResult]]
    ratios: dict[str, dict[str, dict[int, float]]]
    cpu_ms: dict[str, dict[str, float]]
    startup_seconds: dict[str, float]
    details: list[DetailCost]
    networks: list[NetworkCost]
    size: tuple[int, int]
    frame_bytes: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def compare(
    weights: Weights,
    pictures: Sequence[Path],
    *,
    seconds: float,
    rounds: int,
    size: tuple[int, int] = CAMERA,
    clients: Sequence[int] = CLIENTS,
    progress: Callable[[str], None] = lambda step: None,
) -> Benchmark:
    """Alternate between the contenders, so that a change of the machine's pace meets all.

    They are the article's server, the bare library, and ours: exact, at `detail=low`, which
    computes what the other two compute, and fast where this processor makes that another one.
    """
    chosen = {choose_runtime(precision=precision) for precision in PRECISIONS}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        frames = write_frames(pictures, directory, size)
        frame_bytes = sum(path.stat().st_size for path in frames) // len(frames)
        large = write_frames(pictures[:4], directory, TWELVE_MEGAPIXELS)
        details = []
        for detail, sent in (
            *((detail, frames) for detail in DETAILS),
            *((detail, large) for detail in DETAILS),
        ):
            progress(f"one client, detail {detail}")
            details.append(_detail_cost(weights, detail, sent, seconds))
        progress("the networks alone")
        networks = [cost for runtime in _runtimes() for cost in network_costs(weights, runtime)]
        article = stack.enter_context(article_server(weights))
        ours = [
            stack.enter_context(our_server(weights, precision=precision))
            for precision in PRECISIONS[: len(chosen)]
        ]
        ours.append(stack.enter_context(our_server(weights, detail="low")))
        servers = [article, *ours]
        for server in servers:  # warm up
            _load(server, frames, clients=2, seconds=2)
        measured: dict[tuple[str, int], list[LoadResult]] = {}
        cpu: dict[str, list[dict[str, float]]] = {server.name: [] for server in ours}
        for turn in range(rounds):
            for count in clients:
                progress(f"round {turn + 1}/{rounds}: {LIBRARY}, {count} clients")
                result = run_library(weights, frames, clients=count, seconds=seconds)
                measured.setdefault((LIBRARY, count), []).append(result)
                for server in servers:
                    progress(f"round {turn + 1}/{rounds}: {server.name}, {count} clients")
                    before = _spent(server) if server in ours else {}
                    result = _load(server, frames, clients=count, seconds=seconds)
                    measured.setdefault((server.name, count), []).append(result)
                    if server in ours and count == max(clients):
                        spent = _per_request(before, _spent(server), result.requests)
                        cpu[server.name].append(spent)
    results = {
        name: [_median(measured[name, count]) for count in clients]
        for name in (article.name, LIBRARY, *(server.name for server in ours))
    }
    return Benchmark(
        results=results,
        ratios={
            base: {server.name: _ratios(results[server.name], results[base]) for server in ours}
            for base in (article.name, LIBRARY)
        },
        cpu_ms={
            name: {
                stage: round(statistics.median(one[stage] for one in turns), 2)
                for stage in turns[0]
            }
            for name, turns in cpu.items()
        },
        startup_seconds={server.name: round(server.startup_seconds, 1) for server in servers},
        details=details,
        networks=networks,
        size=size,
        frame_bytes=frame_bytes,
    )


def _runtimes() -> list[Runtime]:
    """Those of the CPU that are here: what the rule of `choose_runtime` rests on."""
    if find_spec("openvino") is None:
        return [Runtime()]
    reduced = [Runtime("openvino", precision="bfloat16")] if has_bfloat16() else []
    return [Runtime(), Runtime("openvino"), *reduced]


def _ratios(ours: Sequence[LoadResult], theirs: Sequence[LoadResult]) -> dict[int, float]:
    return {
        one.clients: round(one.requests_per_second / other.requests_per_second, 2)
        for one, other in zip(ours, theirs, strict=True)
    }


def _detail_cost(
    weights: Weights, detail: str, frames: Sequence[Path], seconds: float
) -> DetailCost:
    with our_server(weights, detail=detail) as server:
        _load(server, frames, clients=1, seconds=1)
        before = _passes(server)
        result = _load(server, frames, clients=1, seconds=seconds)
        width, height = frames[0].name.split("-")[0].split("x")
        return DetailCost(
            detail=detail,
            width=int(width),
            height=int(height),
            passes=round((_passes(server) - before) / result.requests, 2),
            p50_ms=result.p50_ms,
            p99_ms=result.p99_ms,
        )


def _passes(server: Server) -> float:
    """Runs of the detector so far."""
    found = _PASSES.search(server.get("/metrics"))
    return float(found.group(1)) if found else 0.0


def _load(server: Server, frames: Sequence[Path], *, clients: int, seconds: float) -> LoadResult:
    """Drive a server from a third process."""
    command = [sys.executable, "-m", "app.lab.benchmark.load", str(server.port), *map(str, frames)]
    command += ["--key", API_KEY, "--clients", str(clients), "--seconds", str(seconds)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return LoadResult(**json.loads(output))


def _spent(server: Server) -> dict[str, float]:
    """Seconds so far: processor time in all, and wall time by stage."""
    stages = {
        stage: float(seconds) for stage, seconds in _STAGE_SUM.findall(server.get("/metrics"))
    }
    return {"cpu": server.cpu_seconds(), **stages}


def _per_request(
    before: dict[str, float], after: dict[str, float], requests: int
) -> dict[str, float]:
    spent = {
        stage: (seconds - before.get(stage, 0.0)) / requests * 1e3
        for stage, seconds in after.items()
        if stage != "queue"
    }
    total = spent.pop("cpu")
    return {"total": total, **spent, "http": max(0.0, total - sum(spent.values()))}


def _median(rounds: Sequence[LoadResult]) -> LoadResult:
    """The round with the median throughput."""
    ordered = sorted(rounds, key=lambda result: result.requests_per_second)
    return ordered[(len(ordered) - 1) // 2]

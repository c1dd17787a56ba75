"""`benchmark`: our server against the article's and against the bare library, in one run."""

import argparse
import importlib
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.benchmark.comparison import Benchmark, compare
from app.lab.benchmark.frames import CAMERA, SQUARE
from app.pictures import find_pictures
from app.processors import usable_processors
from app.weights.resolve import resolve_weights

MAX_PICTURES = 32


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pictures",
        nargs="+",
        type=Path,
        metavar="FILE_OR_FOLDER",
        help=f"photos to send as 1280 x 720 frames, at most {MAX_PICTURES} of them",
    )
    parser.add_argument(
        "--square",
        action="store_const",
        const=SQUARE,
        default=CAMERA,
        dest="size",
        help="send 1024 x 1024 frames instead, which have no padding to save",
    )
    parser.add_argument("--seconds", type=types.seconds, default=8.0, help="of each measurement")
    parser.add_argument("--rounds", type=types.count, default=3, help="of all measurements")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw requests a second")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    pictures = list(find_pictures(arguments.pictures))[:MAX_PICTURES]
    if not pictures:
        raise InvalidRequest("There are no pictures to send.")
    console = Console()
    with console.status("writing frames") as status:
        benchmark = compare(
            resolve_weights(Settings()),
            pictures,
            seconds=arguments.seconds,
            rounds=arguments.rounds,
            size=arguments.size,
            progress=status.update,
        )
    _print(console, benchmark)
    if arguments.json is not None:
        arguments.json.write_text(benchmark.to_json())
    if arguments.plot is not None:
        plots = importlib.import_module("app.lab.benchmark.plot")
        plots.plot_rates(benchmark, arguments.plot)
    return 0


def _print(console: Console, benchmark: Benchmark) -> None:
    date = datetime.now(UTC).date()
    width, height = benchmark.size
    table = Table("server", "clients", "requests/s", "p50 ms", "p99 ms", "/health p99 ms", "failed")
    table.title = (
        f"{date}, {usable_processors()} processors, frames of {width} x {height}, "
        f"{benchmark.frame_bytes // 1000} kB"
    )
    for name, results in benchmark.results.items():
        for result in results:
            health = result.health_p99_ms
            table.add_row(
                name,
                str(result.clients),
                f"{result.requests_per_second:.1f}",
                f"{result.p50_ms:.0f}",
                f"{result.p99_ms:.0f}",
                "" if health is None else f"{health:.1f}",
                str(result.failed),
            )
    console.print(table)
    costs = Table("detail", "picture", "passes", "p50 ms", "p99 ms", title="One client")
    for cost in benchmark.details:
        costs.add_row(
            cost.detail,
            f"{cost.width} x {cost.height}",
            f"{cost.passes:.1f}",
            f"{cost.p50_ms:.0f}",
            f"{cost.p99_ms:.0f}",
        )
    console.print(costs)
    alone = Table("network", "runtime", "ms", "GFLOP", "of the peak", title="One run, one thread")
    for network in benchmark.networks:
        alone.add_row(
            network.network,
            f"{network.runtime.backend}, {network.runtime.precision}",
            f"{network.milliseconds:.1f}",
            f"{network.gigaflops:.2f}",
            f"{network.peak_share:.0%}",
        )
    console.print(alone)
    for base, contenders in benchmark.ratios.items():
        for name, ratios in contenders.items():
            listed = ", ".join(f"{ratio:.2f} at {clients}" for clients, ratio in ratios.items())
            console.print(f"requests/s, {name} over {base}: {listed} clients")
    for name, spent in benchmark.cpu_ms.items():
        shares = ", ".join(
            f"{stage} {milliseconds:.1f} ({milliseconds / spent['total']:.0%})"
            for stage, milliseconds in spent.items()
            if stage != "total"
        )
        console.print(f"{name}, processor time a request: {spent['total']:.1f} ms: {shares}")
    console.print(f"start-up: {benchmark.startup_seconds}")

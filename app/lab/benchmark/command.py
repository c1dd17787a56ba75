"""`benchmark`: our server against the article's, same weights, same machine, one run."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.benchmark.comparison import Benchmark, compare
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
    parser.add_argument("--seconds", type=types.seconds, default=8.0, help="of each measurement")
    parser.add_argument("--rounds", type=types.count, default=3, help="of all measurements")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    pictures = list(find_pictures(arguments.pictures))[:MAX_PICTURES]
    if not pictures:
        raise InvalidRequest("There are no pictures to send.")
    console = Console()
    with console.status("starting both servers") as status:
        benchmark = compare(
            resolve_weights(Settings()),
            pictures,
            seconds=arguments.seconds,
            rounds=arguments.rounds,
            progress=status.update,
        )
    _print(console, benchmark)
    if arguments.json is not None:
        arguments.json.write_text(benchmark.to_json())
    return 0


def _print(console: Console, benchmark: Benchmark) -> None:
    date = datetime.now(UTC).date()
    title = (
        f"{date}, {usable_processors()} processors, frames of {benchmark.frame_bytes // 1000} kB"
    )
    table = Table("server", "clients", "requests/s", "p50 ms", "p99 ms", "/health p99 ms", "failed")
    table.title = title
    for name, results in benchmark.results.items():
        for result in results:
            table.add_row(
                name,
                str(result.clients),
                f"{result.requests_per_second:.1f}",
                f"{result.p50_ms:.0f}",
                f"{result.p99_ms:.0f}",
                f"{result.health_p99_ms:.1f}",
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
    for name, ratios in benchmark.ratios.items():
        listed = ", ".join(f"{ratio:.2f} at {clients}" for clients, ratio in ratios.items())
        console.print(f"requests/s, {name} over the article's: {listed} clients")
    total = benchmark.cpu_ms["total"]
    shares = ", ".join(
        f"{stage} {milliseconds:.1f} ({milliseconds / total:.0%})"
        for stage, milliseconds in benchmark.cpu_ms.items()
        if stage != "total"
    )
    console.print(f"our processor time a request: {total:.1f} ms: {shares}")
    console.print(f"start-up: {benchmark.startup_seconds}")

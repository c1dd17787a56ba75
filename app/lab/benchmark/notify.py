"""`benchmark notify`: whether who is told, or the database, can delay a reading."""

import argparse
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.lab.benchmark import article
from app.lab.benchmark.load import LoadResult, drive, upload_request
from app.lab.benchmark.servers import Server, our_server
from app.weights.resolve import Weights, resolve_weights

PICTURE = Path(__file__).parents[2] / "console" / "sample.jpg"
PATH = "/predict/file?camera=gate"
BASE = "kept, nobody told"
NOWHERE = "127.0.0.1:9"
"""Where nobody listens."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=types.seconds, default=20.0, help="of each measurement")
    parser.add_argument("--rounds", type=types.count, default=5, help="of all measurements")
    parser.add_argument("--clients", type=types.count, default=1)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    weights = resolve_weights(Settings())
    with tempfile.TemporaryDirectory(prefix="nz-alpr-") as folder, ExitStack() as stack:
        variants = stack.enter_context(_variants(Path(folder)))
        servers = {
            name: stack.enter_context(_server(weights, Path(folder) / str(number), environment))
            for number, (name, environment) in enumerate(variants.items())
        }
        results = measure(
            servers, arguments.rounds, clients=arguments.clients, seconds=arguments.seconds
        )
    _print(Console(), results)
    return 0


def measure(
    servers: Mapping[str, Server], rounds: int, *, clients: int, seconds: float
) -> dict[str, list[LoadResult]]:
    """All in turn, so that what the machine does meanwhile hits all of them."""
    upload = upload_request(PICTURE.read_bytes(), article.API_KEY, path=PATH)
    results: dict[str, list[LoadResult]] = {name: [] for name in servers}
    for server in servers.values():
        drive(server.port, [upload], clients=clients, seconds=min(seconds, 2))
    for _ in range(rounds):
        for name, server in servers.items():
            results[name].append(drive(server.port, [upload], clients=clients, seconds=seconds))
    return results


@contextmanager
def _variants(folder: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Settings by what is measured."""
    with _well_receiver() as well, _dead_receiver() as dead:
        telling = {
            "receiver well": f"  a: {{url: 'http://{well}/', events: 'new, end'}}",
            "receivers and broker dead": (
                f"  a: {{url: 'http://{dead}/', events: 'new, end', parallel: 32}}\n"
                f"  b: {{url: 'http://{NOWHERE}/', events: 'new, end', parallel: 32}}\n"
                f"  c: {{url: 'mqtt://{NOWHERE}'}}"
            ),
        }
        variants: dict[str, dict[str, str]] = {BASE: {}}
        for number, (name, targets) in enumerate(telling.items()):
            file = folder / f"targets-{number}.yml"
            file.write_text(f"targets:\n{targets}\n")
            variants[name] = {"ALPR_NOTIFY_FILE": str(file)}
        variants["database dead"] = {"ALPR_DATABASE_URL": f"postgresql://nobody@{NOWHERE}/none"}
        yield variants


@contextmanager
def _server(weights: Weights, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    settings = {
        "ALPR_STORE": "on",
        "ALPR_STORE_PATH": str(folder),
        "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
    }
    with our_server(weights, environment={**settings, **environment}) as server:
        yield server


@contextmanager
def _well_receiver() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _dead_receiver() -> Iterator[str]:
    """It is connected to, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def _print(console: Console, results: Mapping[str, list[LoadResult]]) -> None:
    table = Table("passes", "requests/s", "p50 ms", "p99 ms", "p99 over the first", "failed")
    table.title = "/predict/file, medians of the rounds"
    base = _median(results[BASE], "p99_ms")
    for name, measured in results.items():
        p99 = _median(measured, "p99_ms")
        table.add_row(
            name,
            f"{_median(measured, 'requests_per_second'):.1f}",
            f"{_median(measured, 'p50_ms'):.1f}",
            f"{p99:.1f}",
            f"{p99 / base:.2f}",
            str(sum(each.failed for each in measured)),
        )
    console.print(table)


def _median(results: list[LoadResult], name: str) -> float:
    return float(np.median([getattr(result, name) for result in results]))

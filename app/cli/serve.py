"""`serve`: run the service."""

import argparse
import os
import secrets
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.supervisors import Multiprocess

from app import arguments as types
from app.api.tracing.opening import open_tracing
from app.building import build_loader
from app.config import Settings
from app.logs import configure_logging
from app.video.cameras.config import load_cameras
from app.vision.backends.sessions import open_session
from app.weights.resolve import resolve_weights

_NOT_STARTED = 3
USAGE_FILE = "usage.sqlite3"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (ALPR_HOST)")
    parser.add_argument("--port", type=types.port, help="port to listen on (ALPR_PORT)")
    parser.add_argument(
        "--fd", type=types.natural, help="bound socket to listen on instead (systemd passes 3)"
    )
    parser.add_argument("--processes", type=types.count, help="server processes (ALPR_PROCESSES)")
    parser.add_argument(
        "--ray",
        type=Path,
        metavar="FILE",
        help="serve by Ray Serve instead, with this file for it: deploy/ray/serve.yaml",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT. With `--ray` as `serve_ray.run`.

    Raises, before anything listens:
        ModelError: weights are missing or damaged, or the device or the backend is not there.
        InvalidCameras: the file of cameras is not right.
        InvalidTargets: the file of targets is not right.
        InvalidGates: the file of gates is not right.
        NotInstalled: traces are asked for and cannot be sent.
        OSError: the key file, or that of cameras, targets or gates, cannot be read.
    """
    if arguments.processes is not None:
        os.environ["ALPR_PROCESSES"] = str(arguments.processes)  # for the processes, too
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    settings.keys()
    if arguments.ray is not None:
        from app.cli import serve_ray  # noqa: PLC0415

        return serve_ray.run(arguments.ray)
    open_tracing(settings)
    if settings.cameras_file is not None:
        load_cameras(settings.cameras_file)
    if settings.notify_file is not None:
        from app.passes.notify.targets import load_targets  # noqa: PLC0415

        load_targets(settings.notify_file, settings)
    if settings.gates_file is not None:
        from app.passes.gates.rules import load_gates  # noqa: PLC0415

        load_gates(settings.gates_file)
    weights = resolve_weights(settings)
    build_loader(settings)
    if settings.device == "cuda":
        open_session(weights.detector.path, device="cuda", threads=1)
    # uvicorn raises the signal that stopped it once more when all is done: that is a clean end.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    config = uvicorn.Config(
        "app.main:app",
        host=arguments.host or settings.host,
        port=settings.port if arguments.port is None else arguments.port,
        workers=settings.processes,
        access_log=False,
        log_config=None,
        server_header=False,
    )
    sockets = None if arguments.fd is None else [socket.socket(fileno=arguments.fd)]
    if settings.processes > 1:
        with tempfile.TemporaryDirectory(prefix="nz-alpr-metrics-") as directory:
            share_between_processes(settings, directory)
            Supervisor(config, sockets or [config.bind_socket()]).run()
        return 0
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets)
    return 0 if server.started else _NOT_STARTED


class Supervisor(Multiprocess):
    """uvicorn's, which starts dead processes again, and forgets what the dead have reported."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._known: set[int] = set()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        alive = {process.pid for process in self.processes if process.pid is not None}
        for pid in self._known - alive:
            # What a process had running and queued ended with it; what it counted stays.
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        self._known = alive


def share_between_processes(settings: Settings, directory: str) -> None:
    """Give all server processes one metrics directory and, where none is set, one file to count
    in and one key."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    if settings.usage_file is None and settings.database_url is None:
        os.environ["ALPR_USAGE_FILE"] = str(Path(directory) / USAGE_FILE)
    give_key(settings)


def give_key(settings: Settings) -> None:
    """Make one that holds for this run and its processes, where there must be one and is none."""
    if settings.auth == "on" and not settings.keys():
        key = secrets.token_urlsafe(24)
        os.environ["ALPR_API_KEYS"] = key
        print(f"No API key is set; for this run use X-API-Key: {key}", flush=True)

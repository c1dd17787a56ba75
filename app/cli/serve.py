"""`serve`: run the service."""

import argparse
import os
import secrets
import signal
import sys
import tempfile
from typing import Any

import uvicorn

from app.config import Settings
from app.vision.backends.sessions import open_session
from app.weights.resolve import resolve_weights


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (ALPR_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (ALPR_PORT)")
    parser.add_argument("--processes", type=int, help="server processes (ALPR_PROCESSES)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT.

    Raises, before anything listens:
        ModelError: weights are missing or damaged, or the device is not there.
        OSError: the key file cannot be read.
    """
    if arguments.processes is not None:
        os.environ["ALPR_PROCESSES"] = str(arguments.processes)  # for the processes, too
    settings = Settings()
    settings.keys()
    weights = resolve_weights(settings)
    if settings.device == "cuda":
        open_session(weights.detector.path, device="cuda", threads=1)
    # uvicorn raises the signal that stopped it once more when all is done: that is a clean end.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    options: dict[str, Any] = {
        "host": arguments.host or settings.host,
        "port": settings.port if arguments.port is None else arguments.port,
        "access_log": False,
        "log_config": None,
        "server_header": False,
    }
    if settings.processes == 1:
        uvicorn.run("app.main:app", workers=1, **options)
        return 0
    with tempfile.TemporaryDirectory(prefix="nz-alpr-metrics-") as directory:
        share_between_processes(settings, directory)
        uvicorn.run("app.main:app", workers=settings.processes, **options)
    return 0


def share_between_processes(settings: Settings, directory: str) -> None:
    """Give all server processes one metrics directory and, where none is set, one key."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    if settings.auth == "on" and not settings.keys():
        key = secrets.token_urlsafe(24)
        os.environ["ALPR_API_KEYS"] = key
        print(f"No API key is set; for this run use X-API-Key: {key}", flush=True)

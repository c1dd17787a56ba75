"""The server below the application: its limits, and its end.

They are set from inside the application, so that `python -m app serve` and a plain
`uvicorn app.main:app` are the same service.
"""

import asyncio
import logging
import math
import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.service import Service
from app.api.transport.connections import ConnectionLimits, LimitedProtocol
from app.config import CLOSING_SECONDS, UPLOAD_GRACE, Settings

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0


def running_server() -> uvicorn.Server | None:
    """The server that starts the application on this thread; None in tests and other servers.

    uvicorn offers no other way to it than the handler it has set for signals by then.
    """
    owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return owner if isinstance(owner, uvicorn.Server) else None


def limit_server(server: uvicorn.Server, settings: Settings) -> None:
    """Bound connections and shutdown, where the command line of uvicorn has not."""
    config = server.config
    if config.timeout_graceful_shutdown is None:
        config.timeout_graceful_shutdown = math.ceil(settings.finish_seconds)
    if config.http_protocol_class is HttpToolsProtocol:
        limits = ConnectionLimits(
            connections=settings.max_connections,
            head_timeout=settings.head_timeout,
            send_timeout=settings.send_timeout,
        )
        limited = partial(LimitedProtocol, limits=limits)
        config.http_protocol_class = cast("type[asyncio.Protocol]", limited)


def drain_on_sigterm(service: Service) -> None:
    """Between SIGTERM and the server's own shutdown, say "not ready" for a while.

    Load balancers see the probe fail and turn away before connections are refused; requests that
    still come are answered. Signals can be set in the main thread only, where servers run.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    shut_down = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number: int, frame: FrameType | None) -> None:
        if not callable(shut_down):
            raise SystemExit(0)
        if service.draining:  # somebody does not want to wait
            loop.call_soon_threadsafe(finish, number)
            return
        service.draining = True
        logger.info("draining for %g s", service.settings.drain_seconds)
        loop.call_soon_threadsafe(loop.call_later, service.settings.drain_seconds, finish, number)

    def finish(number: int) -> None:
        service.passes.close()  # streams have no end of their own
        service.receiving.end_in(UPLOAD_GRACE)
        assert callable(shut_down)
        shut_down(number, None)

    signal.signal(signal.SIGTERM, on_sigterm)


def reload_on_sighup(service: Service) -> None:
    """Read the files of keys, of cameras, of targets and of gates again, where there are such."""
    files = service.files

    def reload() -> None:
        for file in files:
            file.reload()

    if files and threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


async def watch_workers(service: Service) -> None:
    """Keep the metric of stuck workers, also where another process answers, and log its changes."""
    known = 0
    while True:
        stuck = service.stuck
        with suppress(OSError):  # the folder of the store; whoever writes there tells
            await asyncio.to_thread(service.measure)
        if stuck != known:
            level = logging.ERROR if stuck > known else logging.WARNING
            logger.log(level, "%d of %d workers are stuck", stuck, service.engine.workers)
            known = stuck
        await asyncio.sleep(WATCH_SECONDS)


def end_process_in_time() -> None:
    """End the process even where a thread never comes back: Python would wait for it for good."""

    def end() -> None:
        time.sleep(CLOSING_SECONDS)
        logger.critical("a thread does not come back; ending without it")
        logging.shutdown()
        os._exit(1)

    threading.Thread(target=end, name="end", daemon=True).start()

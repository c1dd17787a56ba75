"""The FastAPI application and its life from start to drain."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app import __version__
from app.api.auth import KEY_HEADER
from app.api.compat import codeproject, openalpr, platerecognizer
from app.api.errors import documented, install_error_handlers
from app.api.middleware import REQUEST_ID_HEADER, HeadersLimit, HeadRequests, RequestObserver
from app.api.routes import cameras, console, docs, predict, redact, status, video
from app.api.service import build_service
from app.api.tracing.opening import UNTRACED, open_tracing
from app.api.transport.receiving import BodyReceiver
from app.api.transport.serving import (
    drain_on_sigterm,
    end_process_in_time,
    limit_server,
    reload_on_sighup,
    running_server,
    watch_workers,
)
from app.config import Settings
from app.config.variables import unknown_variables

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; settings come from the environment where none are given.

    Networks are loaded when it starts, not here. Start-up raises ModelError.

    Raises NotInstalled where traces are asked for and their libraries are not there.
    """
    settings = settings or Settings()
    tracing = open_tracing(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        server = running_server()
        if server is not None:
            limit_server(server, settings)
        for warning in unknown_variables(os.environ):
            logger.warning("%s", warning)
        service = await asyncio.to_thread(build_service, settings, tracing=tracing)
        app.state.service = service
        drain_on_sigterm(service)
        reload_on_sighup(service)
        watch = asyncio.create_task(watch_workers(service))
        gc.freeze()  # what was loaded lives as long as the process: not worth scanning
        logger.info("ready: %s and %s", service.weights.detector.name, service.weights.ocr.name)
        logger.info("after SIGTERM it ends within %g s", settings.stop_seconds)
        yield
        watch.cancel()
        if server is not None:
            end_process_in_time()
        service.close()

    app = FastAPI(
        title="NZ ALPR",
        version=__version__,
        summary="Automatic number-plate recognition for New Zealand",
        lifespan=lifespan,
        responses=documented(400, 431),
        telemetry=UNTRACED if tracing is None else tracing.telemetry,
        openapi_url=None,  # served by the routes of the documentation, as their page is
    )
    app.include_router(predict.router)
    app.include_router(redact.router)
    app.include_router(video.router)
    app.include_router(cameras.router)
    app.include_router(status.router)
    app.include_router(console.router)
    app.include_router(docs.router)
    app.include_router(codeproject.router)
    if settings.platerecognizer == "on":
        app.include_router(platerecognizer.router)
    if settings.openalpr == "on":
        app.include_router(openalpr.router)
    if settings.store == "on":
        _include_store(app, settings)
    install_error_handlers(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", *(["PUT", "DELETE"] if settings.store == "on" else [])],
            allow_headers=[
                *(KEY_HEADER, REQUEST_ID_HEADER),
                *("Authorization", "Content-Type", "Last-Event-ID"),
            ],
            expose_headers=[
                REQUEST_ID_HEADER,
                redact.COUNT_HEADER,
                redact.DAMAGED_HEADER,
                *("Retry-After", "RateLimit", "RateLimit-Policy"),
            ],
        )
    app.add_middleware(HeadRequests)
    app.add_middleware(HeadersLimit)
    app.add_middleware(RequestObserver)
    app.add_middleware(BodyReceiver, timeout=settings.upload_timeout)
    return app


def _include_store(app: FastAPI, settings: Settings) -> None:
    """Loads the libraries of the store, which cost nothing where there is none."""
    from app.api.routes import lists, passes  # noqa: PLC0415

    app.include_router(passes.router)
    if settings.store_plates == "text":  # what keeps no plate has no list of them
        app.include_router(lists.router)
    if settings.gates_file is not None:
        from app.api.routes import gates  # noqa: PLC0415

        app.include_router(gates.router)
    if settings.notify_file is not None:
        from app.api.routes import deliveries  # noqa: PLC0415

        app.include_router(deliveries.router)

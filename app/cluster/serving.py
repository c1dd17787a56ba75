"""The service on Ray Serve: `serve run deploy/ray/serve.yaml`.

A replica is the whole application, with the networks loaded once and a thread for each processor of
its node; so there is one a node, and more of them where they share a GPU.
"""

import asyncio

from fastapi import FastAPI
from ray import serve
from ray.serve import Application
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.application import create_app
from app.api.middleware import REQUEST_ID_HEADER
from app.api.tracing.opening import log_fields
from app.cluster.exporting import export_metrics
from app.cluster.shared_state import check_shared
from app.config import Settings
from app.logs import configure_logging

DEPLOYMENT = "Reader"


class Replica:
    """What Ray asks of a replica besides the requests, which go to the application."""

    _exporting: asyncio.Task[None] | None = None
    app: FastAPI
    """Set by Ray's wrapper."""

    async def check_health(self) -> None:
        """Raises NotReady where every worker is stuck: Ray then replaces the replica."""
        service = self.app.state.service
        if self._exporting is None or self._exporting.done():
            if self._exporting is not None:
                self._exporting.result()  # what ended it is a fault
            self._exporting = asyncio.create_task(export_metrics(service.metrics))
        service.check_ready()


class OneRequestId:
    """Takes the request's id off the answer, where Ray puts the same once more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)[REQUEST_ID_HEADER]
            await send(message)

        await self._app(scope, receive, send_without)


def build_replica() -> FastAPI:
    """The application of one replica, with the settings of its node and of its deployment."""
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format, log_fields(settings))
    app = create_app(settings)
    app.add_middleware(OneRequestId)
    return app


def application(arguments: dict[str, str]) -> Application:
    """What `serve.yaml` deploys. Raises as `check_shared`.

    Args:
        arguments: those of the file, of which there are none.
    """
    check_shared(Settings())
    return serve.deployment(serve.ingress(build_replica)(Replica), name=DEPLOYMENT).bind()

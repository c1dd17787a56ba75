"""Around every request: an id, a log line, HTTP metrics."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.metrics import Metrics
from app.logs import REQUEST_ID

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_QUIET_ROUTES = ("/health", "/metrics")


class RequestObserver:
    """Plain ASGI, so that it neither buffers bodies nor adds a task to each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
        token = REQUEST_ID.set(request_id)
        start = time.perf_counter()
        status = 500

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        finally:
            self._record(scope, status, time.perf_counter() - start)
            REQUEST_ID.reset(token)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        # The template, never the path: a label for every path asked for would be without bound.
        route = getattr(scope.get("route"), "path", "unmatched")
        metrics: Metrics = scope["app"].state.service.metrics
        metrics.http_requests.labels(scope["method"], route, status).inc()
        metrics.http_duration.labels(route).observe(seconds)
        level = logging.DEBUG if route.startswith(_QUIET_ROUTES) else logging.INFO
        logger.log(level, "%s %s %d %.1f ms", scope["method"], route, status, seconds * 1e3)

"""Around every request: an id, a log line, HTTP metrics."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import unexpected_answer
from app.api.metrics import Metrics
from app.logs import REQUEST_ID

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
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
        status, started = 500, False

        async def observed_send(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started = True
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            # Here and not in Starlette's outermost layer, so that answer and log have their id.
            logger.exception("request failed")
            if started:
                raise
            await unexpected_answer(Request(scope))(scope, receive, observed_send)
        finally:
            self._record(scope, status, time.perf_counter() - start)
            REQUEST_ID.reset(token)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        # Template and known methods: labels out of the caller's hands would be without bound.
        route = getattr(scope.get("route"), "path", "unmatched")
        metrics: Metrics = scope["app"].state.service.metrics
        method = scope["method"] if scope["method"] in _METHODS else "other"
        metrics.http_requests.labels(method, route, status).inc()
        metrics.http_duration.labels(route).observe(seconds)
        level = logging.DEBUG if route.startswith(_QUIET_ROUTES) else logging.INFO
        logger.log(level, "%s %s %d %.1f ms", scope["method"], route, status, seconds * 1e3)

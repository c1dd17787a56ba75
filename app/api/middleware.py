"""Around every request: an id, a log line, HTTP metrics; what is true of all routes."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import alpr_answer, unexpected_answer
from app.api.limits import ALLOWANCE
from app.api.metrics import Metrics
from app.errors import HeadersTooLarge
from app.logs import REQUEST_ID

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
HEAD_ALONE = "alpr.head_alone"
_ACCEPTABLE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_HEADER_BYTES = 1 << 14
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
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                if ALLOWANCE in scope:
                    headers.update(scope[ALLOWANCE].headers())
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


class HeadersLimit:
    """Refuses a request whose address and headers are longer than those of any honest client.

    They are parsed on the event loop, again and again, and the server has no limit of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            size = len(scope["path"]) + len(scope["query_string"])
            size += sum(len(name) + len(value) for name, value in scope["headers"])
            if size > _MAX_HEADER_BYTES:
                error = HeadersTooLarge(
                    f"Address and headers have more than {_MAX_HEADER_BYTES} bytes."
                )
                app = await alpr_answer(Request(scope), error)
        await app(scope, receive, send)


class HeadRequests:
    """Answers HEAD as GET without the body, on every route: monitors ask so.

    A route whose body has no end finds `HEAD_ALONE` in the scope.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server must know that it is HEAD.
        asked = {**scope, "method": "GET", HEAD_ALONE: True}
        try:
            await self._app(asked, receive, send_without_body)
        finally:
            if "route" in asked:
                scope["route"] = asked["route"]

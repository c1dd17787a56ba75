"""Request bodies on their way in: what they take of the memory, and those that nobody reads."""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.admission import Budget
from app.errors import NotReady

_SCOPE_KEY = "app.api.transport.receiving"

LINGER_PAUSE = 2.0
"""Seconds without a byte after which the rest of a body is not waited for any more."""


class Receiving:
    """The bodies that are being received or in memory, of the whole process.

    A body counts with what has come of it, not with what it announces, from its first byte to the
    end of its request: a stalled upload takes little, a batch what it is.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._end: float | None = None
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def ending(self) -> bool:
        return self._end is not None

    def end_in(self, seconds: float) -> None:
        """Wait no longer than that for any body, from now on. Of the event loop's thread."""
        self._end = asyncio.get_running_loop().time() + seconds
        for limit in self._waiting:
            limit.reschedule(self._end)

    async def next(self, receive: Receive) -> Message:
        """The next part of a body.

        Raises:
            NotReady: it did not come before the end.
        """
        limit = asyncio.timeout_at(self._end)
        try:
            async with limit:
                self._waiting.add(limit)
                return await receive()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise NotReady("The service stops and cannot wait for the rest of the body.") from error
        finally:
            self._waiting.discard(limit)


class BodyReceiver:
    """Counts bodies, and ends connections whose body was left unread.

    Plain ASGI, and around everything: an answer may come before the body has (a wrong key, a body
    that is too long). It says `Connection: close` then, and the rest is taken in and dropped for a
    while, since a connection closed on data underway is reset, which can cost the client its
    answer (RFC 9112, section 9.6).
    """

    def __init__(self, app: ASGIApp, *, timeout: float) -> None:
        """`timeout`: seconds for which the rest of a body is taken in at most."""
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        receiving: Receiving = scope["app"].state.service.receiving
        body = scope[_SCOPE_KEY] = _Body(scope, receive, send, receiving)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            body.forget()
        await body.finish(self._timeout)


def spool_body(scope: Scope) -> None:
    """Say, before a body is received, that it goes to disk: it is not counted then."""
    body: _Body = scope[_SCOPE_KEY]
    body.spooled = True


class _Body:
    """The body of one request and the answer to it; `spooled` where it does not stay in memory."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, receiving: Receiving) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        self._announced = int(length) if length.isdecimal() and len(length) < 20 else 0
        self._complete = not (self._announced or "transfer-encoding" in headers)
        self.spooled = False
        self._received = 0
        self._begun = False
        self._answered = False
        self._receive, self._send, self._receiving = receive, send, receiving

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()  # tells of the client going away
        if not self._begun and not self.spooled:
            self._begun = True
            self._receiving.budget.check(self._announced)
        message = await self._receiving.next(self._receive)
        self._note(message)
        arrived = 0 if self.spooled else len(message.get("body", b""))
        self._receiving.budget.take(arrived)
        self._received += arrived
        return message

    async def send(self, message: Message) -> None:
        if not self._complete:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                self._answered = True
                message = {**message, "more_body": True}  # `finish` sends the end
        await self._send(message)

    def forget(self) -> None:
        """The request is done with its body."""
        self._receiving.budget.give_back(self._received)

    async def finish(self, timeout: float) -> None:
        """Take in what is left of the body, and end the answer, which closes the connection."""
        if not self._answered:
            return
        with suppress(TimeoutError, NotReady):
            async with asyncio.timeout(timeout):
                while not self._complete and not self._receiving.ending:
                    async with asyncio.timeout(LINGER_PAUSE):
                        self._note(await self._receiving.next(self._receive))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _note(self, message: Message) -> None:
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._complete = True

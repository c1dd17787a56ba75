"""Messages by HTTP."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from sqlalchemy.exc import DBAPIError
from standardwebhooks import Webhook

from app.errors import StoreUnavailable
from app.guard import AddressRefused, Guard, ResolverFactory, dns, is_named
from app.passes.notify.channel import Answer, Pictures
from app.passes.notify.forms import PICTURED, Body, accepted, body_of
from app.passes.notify.ledger import Message
from app.passes.notify.targets import Target, WebhookConfig

_DRAINED_BYTES: Final = 65_536
"""Of an answer, so that its connection serves again; nobody looks at them."""
_API_KEY: Final = "x-api-key"


class WebhookChannel:
    """Connections to one target, kept alive, and no more of them than it may have messages."""

    def __init__(
        self,
        target: Target,
        config: WebhookConfig,
        pictures: Pictures,
        certificates: ssl.SSLContext,
        *,
        private_hosts: frozenset[str],
        resolver: ResolverFactory = dns,
    ) -> None:
        """In the event loop that it is used in."""
        self._target, self._config, self._pictures = target, config, pictures
        self._signer = None
        if target.secret is not None and config.form != "alpr-database":
            self._signer = Webhook(target.secret)
        self._resolver = resolver()
        guard = Guard(anywhere=is_named(target.url, private_hosts))
        self._session = aiohttp.ClientSession(
            connector=guard.connector(self._resolver, certificates, limit=config.parallel),
            timeout=aiohttp.ClientTimeout(total=config.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # neither proxies nor .netrc of the environment
            headers={"User-Agent": "nz-alpr"},
        )

    @property
    def parallel(self) -> int:
        return self._config.parallel

    async def send(self, message: Message) -> Answer:
        form = self._config.form
        picture = None
        if form in PICTURED and message.pass_id is not None:
            try:
                picture = await self._pictures(message.pass_id)
            except (StoreUnavailable, DBAPIError, OSError):
                return Answer(False, error="the picture cannot be had now")
        body = body_of(form, message, picture)
        try:
            async with self._session.request(
                self._config.method,
                self._target.url,
                data=body.text if body.parts is None else body.parts(),
                headers=self._headers(message, body),
                allow_redirects=False,
            ) as response:
                answer = self._answer(response)
                await _drain(response)
                return answer
        except TimeoutError:
            return Answer(False, error="no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(False, error=_why(error))

    async def close(self) -> None:
        await self._session.close()
        await self._resolver.close()

    def _headers(self, message: Message, body: Body) -> dict[str, str]:
        now = datetime.now(UTC)
        headers = {"webhook-id": message.id, "webhook-timestamp": str(int(now.timestamp()))}
        if body.text is not None:
            headers["Content-Type"] = body.content_type
            if self._signer is not None:
                headers["webhook-signature"] = self._signer.sign(message.id, now, body.text)
        if self._config.form == "alpr-database" and self._target.secret is not None:
            headers[_API_KEY] = self._target.secret
        if message.traceparent is not None:
            headers["traceparent"] = message.traceparent
        given = {name: value.get_secret_value() for name, value in self._config.headers.items()}
        return headers | given

    def _answer(self, response: aiohttp.ClientResponse) -> Answer:
        status = response.status
        if accepted(self._config.form, status):
            return Answer(True, status=status)
        return Answer(
            False,
            status=status,
            error=f"HTTP {status}",
            retry_after=_retry_after(response.headers.get("Retry-After", "")),
            gone=status == HTTPStatus.GONE,
        )


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what is little; a connection with more is closed. The status has said it all."""
    left = _DRAINED_BYTES
    try:
        while left > 0:
            chunk = await response.content.read(left)
            if not chunk:
                return
            left -= len(chunk)
    except (aiohttp.ClientError, TimeoutError):
        pass
    response.close()


def _retry_after(text: str) -> float:
    """Seconds of a `Retry-After`: a number, or a date; 0 for anything else."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _why(error: Exception) -> str:
    """Without the address: a path may be a secret."""
    causes = (error, getattr(error, "os_error", None))
    if any(isinstance(cause, AddressRefused) for cause in causes):
        return "the address is not public: name it in ALPR_URL_PRIVATE_HOSTS"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name has no address"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "its certificate is not trusted, or TLS fails"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    return "the connection broke"

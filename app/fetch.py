"""Pictures by URL, from the public internet and from named hosts only."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from yarl import URL

from app.errors import RequestTooLarge, UrlNotAllowed, UrlUnreachable
from app.guard import (
    ADDRESS_REFUSED,
    Guard,
    ResolverFactory,
    dns,
    is_named,
    public_certificates,
    web_address,
)

_HEADERS = {"User-Agent": "nz-alpr", "Accept-Encoding": "identity"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class UrlFetcher:
    """Fetches pictures with limits on address, redirects, bytes and time.

    `private_hosts` are host names or literal addresses, in lower case, that may be private.
    `timeout` is for the whole fetch, the look-up of names included, in seconds.
    """

    private_hosts: frozenset[str]
    max_bytes: int
    max_redirects: int
    timeout: float
    resolver: ResolverFactory = dns
    certificates: ssl.SSLContext = field(default_factory=public_certificates, repr=False)

    async def fetch(self, url: str) -> bytes:
        """The bytes behind a URL.

        Raises as `open`, also where the answer is not complete in time, and
            RequestTooLarge: more bytes than allowed.
        """
        try:
            async with asyncio.timeout(self.timeout), self.open(url) as answer:
                return await self._body(answer)
        except TimeoutError as error:
            raise UrlUnreachable("The URL did not answer in time.") from error

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """The answer with status 200 behind a URL, its body not read yet; it has no time limit.

        A name and password in the URL answer a Digest or Basic challenge of a private host that
        is named, at the scheme, host and port they were given for. Nobody else gets them.

        Raises:
            UrlNotAllowed: not http(s), or it or a redirect leads to an address that is no public
                one. Names that cannot be resolved get the same answer, so that nothing can be
                learned about the network behind the service.
            UrlUnreachable: no answer with status 200.
        """
        async with AsyncExitStack() as held:
            yield await self._follow(web_address(url), held)

    async def _follow(self, url: URL, held: AsyncExitStack) -> aiohttp.ClientResponse:
        login = self._login(url)
        origin = url.origin()
        for _ in range(self.max_redirects + 1):
            answer = await self._hop(url, login if url.origin() == origin else None, held)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return _accepted(answer)
            url = _redirected(url, answer.headers["Location"])
            await held.aclose()
        raise UrlUnreachable(f"The URL redirects more than {self.max_redirects} times.")

    def _login(self, url: URL) -> "_Login | None":
        if url.user is None and url.password is None:
            return None
        if not is_named(url, self.private_hosts):
            raise UrlNotAllowed("Only hosts of ALPR_URL_PRIVATE_HOSTS are given a password.")
        user = url.user or ""
        if ":" in user:
            raise UrlNotAllowed("The URL is malformed.")
        return _Login(user, url.password or "")

    async def _hop(
        self, url: URL, login: "_Login | None", held: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        guard = Guard(anywhere=is_named(url, self.private_hosts))
        resolver = self.resolver()
        held.push_async_callback(resolver.close)
        try:
            session = await held.enter_async_context(
                aiohttp.ClientSession(
                    connector=guard.connector(resolver, self.certificates, force_close=True),
                    timeout=aiohttp.ClientTimeout(total=None),  # the caller's, for all hops
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    trust_env=False,  # neither proxies nor .netrc of the environment
                    headers=_HEADERS,
                )
            )
            return await self._ask(session, url.with_user(None), login, held)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if not guard.passed:  # a malformed name, one without an address, or a private address
                raise UrlNotAllowed(ADDRESS_REFUSED) from error
            raise UrlUnreachable("The URL does not answer.") from error

    async def _ask(
        self, session: aiohttp.ClientSession, url: URL, login: "_Login | None", held: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        """Ask, with Digest where that is what is asked for, and again with Basic where that is."""
        digest = [] if login is None else [aiohttp.DigestAuthMiddleware(login.user, login.password)]
        answer = await held.enter_async_context(
            session.get(url, allow_redirects=False, middlewares=digest)
        )
        if login is None or not _asks_for_basic(answer):
            return answer
        answer.close()
        headers = {"Authorization": aiohttp.encode_basic_auth(login.user, login.password)}
        return await held.enter_async_context(
            session.get(url, allow_redirects=False, headers=headers)
        )

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        try:
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > self.max_bytes:
                    raise RequestTooLarge(f"The picture has more than {self.max_bytes} bytes.")
        except (aiohttp.ClientError, OSError) as error:
            raise UrlUnreachable("The URL does not answer.") from error
        return bytes(body)


@dataclass(frozen=True, slots=True)
class _Login:
    user: str
    password: str = field(repr=False)


def _redirected(url: URL, location: str) -> URL:
    """Raises UrlNotAllowed."""
    try:
        return web_address(str(url.join(URL(location)).with_user(None)))
    except ValueError as error:
        raise UrlNotAllowed("The URL redirects to a malformed one.") from error


def _accepted(answer: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    """Raises UrlUnreachable."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise UrlUnreachable("The URL asks for a name and password, or for other ones.")
    if answer.status != HTTPStatus.OK:
        raise UrlUnreachable("The URL does not answer with a picture.")
    return answer


def _asks_for_basic(answer: aiohttp.ClientResponse) -> bool:
    """Whether its first challenge is Basic: the one to follow (RFC 7616, section 3.7)."""
    first = answer.headers.get("WWW-Authenticate", "")
    return answer.status == HTTPStatus.UNAUTHORIZED and first.lower().startswith("basic")

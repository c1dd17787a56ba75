"""Pictures by URL, from the public internet and from named hosts only."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from app.errors import RequestTooLarge, UrlNotAllowed, UrlUnreachable

_CHUNK = 1 << 16
_ADDRESS_REFUSED = "The URL does not lead to a public address."
_USER_AGENT = "nz-alpr"


class _PublicAddressAdapter(IPFilterAdapter):
    """Connects to the address it resolved and checked, so a second look-up cannot change it.

    On top of the library's list of private ranges the address must be a global unicast one.
    """

    def build_connection_pool_key_attributes(self, request, verify, cert=None):  # type: ignore[no-untyped-def]
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        address = ipaddress.ip_address(host["host"].strip("[]"))
        local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
        if not address.is_global or address.is_reserved or address.is_multicast or local:
            raise InvalidIPAddress(address)
        return host, pool


class _Cutoff:
    """Breaks connections off at a moment of `time.monotonic`, whatever they are doing.

    The timeouts of sockets are for one read each: a server that sends its answer byte by byte would
    stretch them without end.
    """

    def __init__(self, deadline: float) -> None:
        self._handles: list[socket.socket] = []
        self._timer = threading.Timer(_remaining(deadline), self._break_off)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        for handle in self._handles:
            handle.close()

    def governing(self, adapter: HTTPAdapter) -> HTTPAdapter:
        """The adapter, with every connection that it makes from now on watched."""
        manager = adapter.poolmanager
        pools: dict[str, Any] = {}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            connection = type("Watched", (_Watched, pool.ConnectionCls), {"watch": self._watch})
            pools[scheme] = type("WatchedPool", (pool,), {"ConnectionCls": connection})
        manager.pool_classes_by_scheme = pools
        return adapter

    def _watch(self, connected: socket.socket) -> None:
        # A duplicate: TLS and http.client take the connection away from the first socket object.
        self._handles.append(connected.dup())

    def _break_off(self) -> None:
        for handle in self._handles:
            with suppress(OSError):  # over in the same moment
                handle.shutdown(socket.SHUT_RDWR)


class _Watched:
    """Mixed into a connection of urllib3: hands over its socket as soon as there is one."""

    watch: ClassVar[Callable[[socket.socket], None]]

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        type(self).watch(connected)
        return connected


@dataclass(frozen=True, slots=True)
class UrlFetcher:
    """Fetches pictures with limits on address, redirects, bytes and time.

    `private_hosts` are host names or literal addresses, in lower case, that may be private.
    `timeout` is for the whole fetch, in seconds.
    """

    private_hosts: frozenset[str]
    max_bytes: int
    max_redirects: int
    timeout: float

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL.

        Raises:
            UrlNotAllowed: not http(s), or it or a redirect leads to an address that is no public
                one. Names that cannot be resolved get the same answer, so that nothing can be
                learned about the network behind the service.
            UrlUnreachable: no complete answer with status 200 in time.
            RequestTooLarge: more bytes than allowed.
        """
        deadline = time.monotonic() + self.timeout
        for _ in range(self.max_redirects + 1):
            location = self._hop(url, deadline)
            if isinstance(location, bytes):
                return location
            url = urljoin(url, location)
        raise UrlUnreachable(f"The URL redirects more than {self.max_redirects} times.")

    def _hop(self, url: str, deadline: float) -> bytes | str:
        """One request: the body, or where it redirects to."""
        url, host = _checked(url)
        try:
            with (
                _Cutoff(deadline) as cutoff,
                self._session(host, cutoff) as session,
                session.get(
                    url,
                    stream=True,
                    allow_redirects=False,
                    timeout=_remaining(deadline),
                    headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
                ) as response,
            ):
                if response.is_redirect:
                    return response.headers["Location"]
                if response.status_code != requests.codes.ok:
                    raise UrlUnreachable("The URL does not answer with a picture.")
                return self._body(response, deadline)
        except (InvalidIPAddress, requests.exceptions.InvalidURL) as error:
            raise UrlNotAllowed(_ADDRESS_REFUSED) from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if isinstance(error.__cause__, socket.gaierror):
                raise UrlNotAllowed(_ADDRESS_REFUSED) from error
            raise UrlUnreachable("The URL does not answer.") from error

    def _session(self, host: str, cutoff: _Cutoff) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # neither proxies nor .netrc of the environment
        for scheme in ("http", "https"):
            adapter = (
                HTTPAdapter()
                if host in self.private_hosts
                else _PublicAddressAdapter(is_https_proto=scheme == "https")
            )
            session.mount(f"{scheme}://", cutoff.governing(adapter))
        return session

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self.max_bytes:
                raise RequestTooLarge(f"The picture has more than {self.max_bytes} bytes.")
        _remaining(deadline)  # otherwise what was broken off could look like a whole answer
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and len(body) < int(length):
            raise UrlUnreachable("The URL's answer broke off.")
        return bytes(body)


def _checked(url: str) -> tuple[str, str]:
    """The URL as it will be requested, and its host in lower case. Raises UrlNotAllowed."""
    try:
        prepared = requests.Request("GET", url).prepare().url or ""
        parts = parse_url(prepared)
    except (requests.RequestException, LocationParseError, ValueError) as error:
        raise UrlNotAllowed("The URL is malformed.") from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise UrlNotAllowed("Only http and https URLs are fetched.")
    return prepared, parts.host.strip("[]").lower()


def _remaining(deadline: float) -> float:
    """Seconds left. Raises UrlUnreachable where there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise UrlUnreachable("The URL did not answer in time.")
    return left

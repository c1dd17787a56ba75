"""Connections to the public internet and to named hosts only."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver
from yarl import URL

from app.addresses import is_public
from app.errors import UrlNotAllowed

ADDRESS_REFUSED: Final = "The URL does not lead to a public address."

ResolverFactory = Callable[[], AbstractResolver]


class AddressRefused(OSError):
    """A connection to an address that is not allowed."""


def dns() -> AbstractResolver:
    """Look-ups by DNS and the hosts file, on no thread that a slow one could hold."""
    return aiohttp.AsyncResolver()


def public_certificates() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def private_certificates(authorities: str) -> ssl.SSLContext:
    """Trusts these authorities, in PEM, and no others. Raises ValueError where there is none."""
    try:
        return ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError("no certificates in PEM") from error


@dataclass(slots=True)
class Guard:
    """Sees every address right before it is connected to, so nothing can change it afterwards."""

    anywhere: bool
    passed: bool = False

    def connector(
        self, resolver: AbstractResolver, certificates: ssl.SSLContext, **options: Any
    ) -> aiohttp.TCPConnector:
        """Whose connections it sees. The resolver is the caller's to close."""
        return aiohttp.TCPConnector(
            resolver=resolver,
            socket_factory=self._open_socket,
            ssl=certificates,
            use_dns_cache=False,
            **options,
        )

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self.anywhere and not is_public(str(address[0])):
            raise AddressRefused(ADDRESS_REFUSED)
        self.passed = True
        return socket.socket(family, kind, protocol)


def web_address(text: str) -> URL:
    """A URL of http(s) with a host. Raises UrlNotAllowed."""
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise UrlNotAllowed("The URL is malformed.") from error
    if url.scheme not in ("http", "https") or not url.raw_host or port is None:
        raise UrlNotAllowed("Only http and https URLs are fetched.")
    return url


def is_named(url: URL, hosts: frozenset[str]) -> bool:
    """Whether it is one of these hosts: in lower case, names or literal addresses."""
    return (url.raw_host or "").lower() in hosts

"""Fetching from servers on this machine, for the tests of `app.fetch`."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from app.fetch import UrlFetcher
from tests.names import Names, TableResolver
from tests.servers import read_request

BODY = b"a picture" * 1000
CERTIFICATES = ssl.create_default_context()
PATIENCE = 60
"""Seconds after which a fetch counts as one that never ends."""

Answer = Callable[[socket.socket], None]


def answering(answer: bytes) -> Answer:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    return serve


def fetch(url: str, *private: str, names: Names | None = None, **changes: Any) -> bytes:
    """Fetch on a loop of its own, from a network with only these names."""
    job = fetcher(*private, names=names, **changes).fetch(url)
    return asyncio.run(asyncio.wait_for(job, PATIENCE))


def fetcher(*private: str, names: Names | None = None, **changes: Any) -> UrlFetcher:
    options: dict[str, Any] = {
        "max_bytes": 100_000,
        "max_redirects": 3,
        "timeout": PATIENCE / 2,
        "resolver": lambda: TableResolver(names or {}),
        "certificates": CERTIFICATES,
    }
    return UrlFetcher(private_hosts=frozenset(private), **options | changes)

"""Names without a name server."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

Names = dict[str, list[str]]
"""What names resolve to, one answer after another; the last one stays."""

NUMERIC = {"localhost": ["127.0.0.1"]}


class TableResolver(AbstractResolver):
    """Resolves the names of a table; everything else must be a literal address.

    Literal means what the C library takes for one, `0x7f.1` too: this is laxer than DNS.
    """

    def __init__(self, names: Names) -> None:
        self._names = NUMERIC | names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = self._names.get(host.rstrip(".").lower())
        if answers is not None:
            host = answers.pop(0) if len(answers) > 1 else answers[0]
        found = socket.getaddrinfo(
            host, port, family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=0
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        pass

"""What a key must be allowed to do on a route."""

from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from app.api.auth import KEY_HEADER
from app.api.limits import enter
from app.api.service import Service, get_service
from app.config.keys import Role

Shared = Annotated[Service, Depends(get_service)]
GivenKey = Annotated[str | None, Security(APIKeyHeader(name=KEY_HEADER, auto_error=False))]


class Needs:
    """A dependency of routes that keys with this role may use, or any key; it gives the name of
    whoever asks."""

    def __init__(self, role: Role | None) -> None:
        self._role = role

    async def __call__(self, service: Shared, key: GivenKey) -> str:
        """Raises Unauthorized, Forbidden."""
        return service.keys.check(key, self._role)


async def reads(request: Request, service: Shared, key: GivenKey) -> None:
    """A dependency of routes that read pictures, which count against the limits of the key.

    Raises Unauthorized, Forbidden, RateLimited.
    """
    enter(service, request, service.keys.find(key, "read"))


ANY_KEY: Final = Needs(None)
SEES_PASSES: Final = Needs("passes")
MANAGES_LISTS: Final = Needs("lists")
ADMINISTERS: Final = Needs("admin")

Who = Annotated[str, Depends(ANY_KEY)]
"""A name of the key, or its fingerprint, for the audit."""

"""What a request takes of its key's limits, and of the room there is for pictures."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from fastapi import Request

from app.config.keys import ApiKey
from app.errors import LimitExceeded
from app.limits.allowances import Allowance

if TYPE_CHECKING:
    from app.api.service import Service

ALLOWANCE = "alpr.allowance"
"""That of a request's key, in its scope: every answer says what is left."""


def enter(service: "Service", request: Request, key: ApiKey | None) -> None:
    """A request for one picture, or a video, with that key. Raises RateLimited."""
    allowance = service.allowances.of(key)
    if allowance is not None:
        request.scope[ALLOWANCE] = allowance
        take_more(request, 1)


def take_more(request: Request, pictures: int) -> None:
    """It has so many pictures. Raises RateLimited."""
    allowance = _allowance(request)
    if allowance is not None and pictures:
        with _counted(allowance):
            allowance.take(pictures)


def check_room(service: "Service", request: Request, weight: int) -> None:
    """Raises Overloaded, ShareExceeded where `admitted` would now."""
    allowance = _allowance(request)
    if allowance is not None and allowance.slots is not None:
        with _counted(allowance):
            allowance.slots.check(min(weight, allowance.slots.limit))
    service.admission.check(weight)


@contextmanager
def admitted(service: "Service", request: Request, weight: int) -> Iterator[None]:
    """Hold room for pictures. However heavy, they are let in once nothing else is in flight.

    Raises Overloaded, ShareExceeded.
    """
    allowance = _allowance(request)
    with ExitStack() as held:
        if allowance is not None and allowance.slots is not None:
            with _counted(allowance):
                held.enter_context(allowance.slots.admit(min(weight, allowance.slots.limit)))
        held.enter_context(service.admission.admit(min(weight, service.admission.limit)))
        yield


def _allowance(request: Request) -> Allowance | None:
    allowance: Allowance | None = request.scope.get(ALLOWANCE)
    return allowance


@contextmanager
def _counted(allowance: Allowance) -> Iterator[None]:
    try:
        yield
    except LimitExceeded as error:
        allowance.refused(error.code)
        raise

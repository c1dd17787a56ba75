"""`/deliveries`: who was told what, and what failed. There only with `ALPR_NOTIFY_FILE`."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query

from app.api.access import ADMINISTERS, Shared, Who
from app.api.errors import documented
from app.api.schemas.deliveries import (
    DeliveryId,
    DeliveryPage,
    DeliveryQuery,
    ReplayedBody,
    TargetName,
    TargetsBody,
    TestedBody,
    delivery_page,
    targets_body,
)
from app.api.service import Service
from app.passes.notify.notifier import Notifier

Answer = TypeVar("Answer")
Target = Annotated[TargetName, Path(description="Name of a target of the file.")]

router = APIRouter(
    prefix="/deliveries",
    tags=["deliveries"],
    dependencies=[Depends(ADMINISTERS)],
    responses=documented(401, 403, 422, 500, 503),
)


@router.get("", summary="Messages to others")
async def deliveries(service: Shared, query: Annotated[DeliveryQuery, Query()]) -> DeliveryPage:
    """Newest first."""
    found, following = await _asked(
        service,
        lambda notifier: notifier.deliveries(
            state=query.state, target=query.target, limit=query.limit, cursor=query.cursor
        ),
    )
    return delivery_page(found, following)


@router.get("/targets", summary="Who is told")
async def targets(service: Shared) -> TargetsBody:
    found = await _asked(service, lambda notifier: notifier.targets())
    file = service.targets_file
    return targets_body(found, None if file is None else file.error)


@router.post(
    "/targets/{target}/test",
    summary="Tell a target of a pass that never was",
    status_code=HTTPStatus.ACCEPTED,
    responses=documented(404),
)
async def test(service: Shared, who: Who, target: Target) -> TestedBody:
    """A relay is asked as for a gate: this opens it."""
    return TestedBody(id=await _asked(service, lambda notifier: notifier.test(target, who=who)))


@router.post(
    "/targets/{target}/disable",
    summary="Tell a target nothing",
    status_code=HTTPStatus.NO_CONTENT,
    responses=documented(404),
)
async def disable(service: Shared, who: Who, target: Target) -> None:
    """What there is to tell it waits, until it is too old."""
    await _asked(service, lambda notifier: notifier.disable(target, who=who))


@router.post(
    "/targets/{target}/enable",
    summary="Tell a target again",
    status_code=HTTPStatus.NO_CONTENT,
    responses=documented(404),
)
async def enable(service: Shared, who: Who, target: Target) -> None:
    await _asked(service, lambda notifier: notifier.enable(target, who=who))


@router.post(
    "/targets/{target}/replay",
    summary="Send all that failed for a target once more",
    status_code=HTTPStatus.ACCEPTED,
    responses=documented(404),
)
async def replay_failed(service: Shared, who: Who, target: Target) -> ReplayedBody:
    """But for what opens gates."""
    return ReplayedBody(
        replayed=await _asked(service, lambda notifier: notifier.replay_failed(target, who=who))
    )


@router.post(
    "/{delivery_id}/replay",
    summary="Send a message that failed once more",
    status_code=HTTPStatus.ACCEPTED,
    responses=documented(404, 409),
)
async def replay(service: Shared, who: Who, delivery_id: DeliveryId) -> ReplayedBody:
    await _asked(service, lambda notifier: notifier.replay(delivery_id, who=who))
    return ReplayedBody(replayed=1)


async def _asked(service: Service, ask: Callable[[Notifier], Answer]) -> Answer:
    """On a thread, few at a time, as searches are. Raises Overloaded, and what is raised there."""
    notifier = service.notifier
    assert notifier is not None, "these routes are there only with a file of targets"
    with service.searches.admit():
        return await asyncio.to_thread(ask, notifier)

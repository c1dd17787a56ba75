"""From the event loop to the engine and back."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.api.schemas import ReadQuery
from app.api.service import Service
from app.errors import AlprError, DeadlineExceeded, InferenceError
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import FrameResult

Outcome = TypeVar("Outcome")

logger = logging.getLogger(__name__)

HIGH_DETAIL_WEIGHT = 4
"""Pictures that one picture at `detail=high` counts as."""


def read_options(query: ReadQuery, service: Service) -> ReadOptions:
    """What the request chose, and the settings for the rest."""
    settings = service.settings
    return ReadOptions(
        min_confidence=(
            settings.min_confidence if query.min_confidence is None else query.min_confidence
        ),
        enhance=query.enhance or settings.enhance,
        detail=query.detail or settings.detail,
    )


def admission_weight(query: ReadQuery, service: Service) -> int:
    """What one picture counts for admission: about its work, in pictures of one or two passes."""
    detail = read_options(query, service).detail
    return min(HIGH_DETAIL_WEIGHT, service.admission.limit) if detail == "high" else 1


async def read_picture(
    service: Service, request: Request, data: bytes, options: ReadOptions
) -> FrameResult:
    """Read one picture. Raises what `read_pictures` reports."""
    (result,) = await read_pictures(service, request, [data], options)
    if isinstance(result, AlprError):
        raise result
    return result


async def read_pictures(
    service: Service, request: Request, pictures: Sequence[bytes], options: ReadOptions
) -> list[FrameResult | AlprError]:
    """Read pictures side by side, within one deadline; each gives a result or its error.

    Raises:
        ClientDisconnect: the caller went away; what had not begun is dropped.
    """
    seconds = service.settings.deadline
    deadline = time.monotonic() + seconds
    jobs = [
        asyncio.wrap_future(service.engine.submit(data, options, deadline=deadline))
        for data in pictures
    ]
    await _finish(request, jobs, seconds)
    outcomes: list[FrameResult | AlprError] = []
    for job in jobs:
        outcome = _outcome(service, job)
        if not isinstance(outcome, AlprError):
            _record(service, outcome)
        outcomes.append(outcome)
    return outcomes


async def work_on_picture(
    service: Service, request: Request, work: Callable[[PlatePipeline, float], Outcome]
) -> Outcome:
    """Do something else with one picture, as `Engine.run` has it, within the deadline.

    Raises:
        AlprError: what the work raises, or DeadlineExceeded.
        ClientDisconnect: the caller went away.
    """
    seconds = service.settings.deadline
    job = asyncio.wrap_future(service.engine.run(work, deadline=time.monotonic() + seconds))
    await _finish(request, [job], seconds)
    outcome = _outcome(service, job)
    if isinstance(outcome, AlprError):
        raise outcome
    return outcome


async def _finish(request: Request, jobs: "list[asyncio.Future[Outcome]]", seconds: float) -> None:
    """Wait until all jobs are done, and cancel what is not in time or not wanted any more.

    Raises:
        ClientDisconnect: the caller went away.
    """
    finished = asyncio.gather(*jobs, return_exceptions=True)
    gone = asyncio.create_task(_disconnected(request))
    events: set[asyncio.Future[Any]] = {finished, gone}
    try:
        await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not finished.done() and gone.done():
            raise ClientDisconnect
    finally:
        gone.cancel()
        for job in jobs:
            job.cancel()  # without effect on those that are done


async def _disconnected(request: Request) -> None:
    """Returns when the client has closed the connection; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _outcome(service: Service, job: "asyncio.Future[Outcome]") -> Outcome | AlprError:
    """Result or error of a job that is done or was cancelled at the deadline."""
    if job.cancelled() or not job.done():
        return DeadlineExceeded("The picture was not read in time; try again.")
    error = job.exception()
    if error is None:
        return job.result()
    if isinstance(error, AlprError) and not isinstance(error, InferenceError):
        return error
    service.metrics.observe_error()
    logger.error("reading failed", exc_info=error)
    return error if isinstance(error, InferenceError) else AlprError("Nobody foresaw this.")


def _record(service: Service, result: FrameResult) -> None:
    service.metrics.observe_result(result)
    busy = sum(result.timings_ms.values()) - result.timings_ms.get("queue", 0.0)
    service.admission.record(busy / 1e3)
    if service.settings.log_plates:
        logger.info("plates %s", ",".join(plate.characters.text for plate in result.plates))

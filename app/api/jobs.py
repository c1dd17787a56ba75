"""Work of the engine for a request: waited for within the deadline, and recorded."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.api.service import Service
from app.errors import AlprError, DeadlineExceeded, InternalError
from app.logs import REQUEST_ID
from app.records import PictureRecord
from app.vision.pipeline import ReadOptions
from app.vision.redact import Redaction, RedactOptions
from app.vision.types import FrameResult

Result = TypeVar("Result", FrameResult, Redaction)
Outcome = TypeVar("Outcome")


async def recorded(
    service: Service,
    request: Request,
    submit: Callable[[float], list[Future[Result]]],
    options: ReadOptions | RedactOptions,
    camera: str | None,
) -> list[Result | AlprError]:
    """The outcomes of what is submitted with a deadline, each observed as a record."""
    begun = time.monotonic()
    seconds = service.settings.deadline
    ended: dict[asyncio.Future[Result], float] = {}

    def note_end(job: asyncio.Future[Result]) -> None:
        ended[job] = time.monotonic()

    jobs = [asyncio.wrap_future(job) for job in submit(begun + seconds)]
    for job in jobs:
        job.add_done_callback(note_end)
    outcomes = await wait_for(request, jobs, seconds=seconds)
    given_up = time.monotonic()
    for job, outcome in zip(jobs, outcomes, strict=True):
        end = ended.get(job, given_up)
        record = record_of(request, options, camera, outcome, end - begun)
        service.observe(replace(record, ended=end))
    return outcomes


def record_of(
    request: Request,
    options: ReadOptions | RedactOptions,
    camera: str | None,
    outcome: FrameResult | Redaction | AlprError,
    seconds: float,
) -> PictureRecord:
    return PictureRecord(
        request_id=REQUEST_ID.get(),
        route=request.scope["route"].path,
        camera=camera,
        options=options,
        outcome=outcome,
        seconds=seconds,
    )


async def wait_for(
    request: Request, jobs: "Sequence[asyncio.Future[Outcome]]", *, seconds: float
) -> list[Outcome | AlprError]:
    """The result or error of each job; what is not in time is cancelled and DeadlineExceeded.

    Raises:
        ClientDisconnect: the caller went away; all jobs are cancelled.
    """
    finished = asyncio.gather(*jobs, return_exceptions=True)
    gone = asyncio.create_task(disconnected(request))
    events: set[asyncio.Future[Any]] = {finished, gone}
    try:
        await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not finished.done() and gone.done():
            raise ClientDisconnect
    finally:
        gone.cancel()
        for job in jobs:
            job.cancel()  # without effect on those that are done
    outcomes: list[Outcome | AlprError] = []
    for job in jobs:
        outcome = _outcome(job)
        outcomes.append(outcome)
    return outcomes


async def disconnected(request: Request) -> None:
    """Returns when the client has closed the connection; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _outcome(job: "asyncio.Future[Outcome]") -> Outcome | AlprError:
    if job.cancelled() or not job.done():
        return DeadlineExceeded("The picture was not read in time; try again.")
    error = job.exception()
    if error is None:
        return job.result()
    if isinstance(error, AlprError):
        return error
    unforeseen = InternalError("Nobody foresaw this.")
    unforeseen.__cause__ = error
    return unforeseen

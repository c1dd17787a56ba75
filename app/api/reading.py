"""From the event loop to the engine and back."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import Request

from app.api.jobs import record_of, recorded
from app.api.service import Service
from app.errors import AlprError
from app.logs import REQUEST_ID
from app.passes.records import PassSink, camera_name
from app.passes.taking import passes_of_picture
from app.vision.pipeline import ReadOptions
from app.vision.types import FrameResult

HIGH_DETAIL_WEIGHT = 4
"""Pictures that one picture at `detail=high` counts as."""

ANY_ROTATION_WEIGHT = 2
"""The same of `rotate=auto`: one where the picture is upright, up to four where it is not."""


def admission_weight(options: ReadOptions, service: Service) -> int:
    """What one picture counts for admission: about its work, in pictures of one or two passes."""
    weight = HIGH_DETAIL_WEIGHT if options.detail == "high" else 1
    if options.rotate == "auto":
        weight *= ANY_ROTATION_WEIGHT
    return min(weight, service.admission.limit)


async def read_picture(
    service: Service,
    request: Request,
    data: bytes,
    options: ReadOptions,
    *,
    camera: str | None = None,
    at: datetime | None = None,
) -> FrameResult:
    """Read one picture. Raises what `read_pictures` reports."""
    (result,) = await read_pictures(service, request, [data], options, camera=camera, at=at)
    if isinstance(result, AlprError):
        raise result
    return result


async def read_pictures(
    service: Service,
    request: Request,
    pictures: Sequence[bytes | AlprError],
    options: ReadOptions,
    *,
    camera: str | None = None,
    at: datetime | None = None,
) -> list[FrameResult | AlprError]:
    """Read pictures side by side, within one deadline; each gives a result or its error.

    Those of a camera are kept as passes, where there is a store.

    Args:
        pictures: encoded, or why one was refused before: that is its outcome then.
        at: when they were taken, now if left out.

    Raises:
        ClientDisconnect: the caller went away; what had not begun is dropped.
    """

    sink = service.sink if camera_name(camera) else None
    shown = options.crops
    if sink is not None:
        options = replace(options, crops=True)

    def submit(deadline: float) -> list[Future[FrameResult]]:
        return [
            service.engine.submit(picture, options, deadline=deadline)
            for picture in pictures
            if not isinstance(picture, AlprError)
        ]

    outcomes = iter(await recorded(service, request, submit, options, camera))
    refused = [picture for picture in pictures if isinstance(picture, AlprError)]
    for error in refused:
        service.observe(record_of(request, options, camera, error, 0.0))
    found = [picture if isinstance(picture, AlprError) else next(outcomes) for picture in pictures]
    if sink is None:
        return found
    moment, request_id = at or datetime.now(UTC), REQUEST_ID.get()

    def keep(sink: PassSink) -> None:
        for picture, outcome in zip(pictures, found, strict=True):
            if isinstance(outcome, FrameResult) and not isinstance(picture, AlprError):
                for passing in passes_of_picture(
                    outcome,
                    picture,
                    service.engine.pipeline.decoder,
                    camera=camera or "",
                    at=moment,
                    request_id=request_id,
                ):
                    sink.add(passing)

    await asyncio.to_thread(keep, sink)
    return found if shown else [_without_crops(outcome) for outcome in found]


def _without_crops(outcome: FrameResult | AlprError) -> FrameResult | AlprError:
    if isinstance(outcome, AlprError):
        return outcome
    plates = tuple(replace(plate, picture=None) for plate in outcome.plates)
    return replace(outcome, plates=plates)

"""From the event loop to the engine and back."""

from collections.abc import Sequence
from concurrent.futures import Future

from fastapi import Request

from app.api.jobs import record_of, recorded
from app.api.service import Service
from app.errors import AlprError
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
) -> FrameResult:
    """Read one picture. Raises what `read_pictures` reports."""
    (result,) = await read_pictures(service, request, [data], options, camera=camera)
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
) -> list[FrameResult | AlprError]:
    """Read pictures side by side, within one deadline; each gives a result or its error.

    Args:
        pictures: encoded, or why one was refused before: that is its outcome then.

    Raises:
        ClientDisconnect: the caller went away; what had not begun is dropped.
    """

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
    return [picture if isinstance(picture, AlprError) else next(outcomes) for picture in pictures]

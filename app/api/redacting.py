"""Redaction on the engine, for every endpoint that offers it."""

from concurrent.futures import Future
from dataclasses import replace

from fastapi import Request

from app.api.jobs import recorded
from app.api.service import Service
from app.errors import AlprError
from app.vision.pipeline import PlatePipeline
from app.vision.redact import Redaction, RedactOptions, Style, redact
from app.vision.rotation import Rotate

_WEIGHT = 4


def redaction_weight(service: Service, rotate: Rotate | None = None) -> int:
    """What a redaction counts for admission: about its work, in pictures of one or two passes."""
    rotate = rotate or service.settings.rotate
    directions = {"0": 1, "auto": 4}.get(rotate, 2)  # as sent, and turned
    return min(_WEIGHT * directions, service.admission.limit)


async def redact_picture(
    service: Service,
    request: Request,
    data: bytes,
    *,
    style: Style = "blur",
    min_confidence: float | None = None,
    rotate: Rotate | None = None,
    camera: str | None = None,
) -> Redaction:
    """Cover the plates of a picture.

    Raises:
        AlprError: the picture cannot be read, or not in time.
        ClientDisconnect: the caller went away.
    """
    settings = service.settings
    options = RedactOptions(
        min_confidence=(
            settings.redact_min_confidence if min_confidence is None else min_confidence
        ),
        margin=settings.redact_margin,
        style=style,
        rotate=rotate or settings.rotate,
    )

    def work(pipeline: PlatePipeline, waited_ms: float) -> Redaction:
        done = redact(pipeline, data, options)
        return replace(done, timings_ms={"queue": waited_ms, **done.timings_ms})

    def submit(deadline: float) -> list[Future[Redaction]]:
        return [service.engine.run(work, deadline=deadline)]

    (done,) = await recorded(service, request, submit, options, camera)
    if isinstance(done, AlprError):
        raise done
    return done

"""Redaction on the engine, for every endpoint that offers it."""

from fastapi import Request

from app.api.reading import work_on_picture
from app.api.service import Service
from app.vision.pipeline import PlatePipeline
from app.vision.redact import Redaction, RedactOptions, Style, find_others, redact
from app.vision.types import Detection, FrameResult

_WEIGHT = 4


def redaction_weight(service: Service) -> int:
    """What a redaction counts for admission: about its work, in pictures of one or two passes."""
    return min(_WEIGHT, service.admission.limit)


async def redact_picture(
    service: Service,
    request: Request,
    data: bytes,
    *,
    style: Style = "blur",
    min_confidence: float | None = None,
) -> Redaction:
    """Cover the plates of a picture, counted in the metrics.

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
    )

    def work(pipeline: PlatePipeline, waited_ms: float) -> Redaction:
        return redact(pipeline, data, options)

    done = await work_on_picture(service, request, work)
    service.metrics.redacted.inc(len(done.plates))
    service.admission.record(sum(done.timings_ms.values()) / 1e3)
    return done


async def find_unread(
    service: Service, request: Request, data: bytes, result: FrameResult
) -> tuple[Detection, ...]:
    """What redaction would cover beyond the plates that were read.

    Raises:
        AlprError: not in time.
        ClientDisconnect: the caller went away.
    """
    read = [plate.detection.box for plate in result.plates]

    def work(pipeline: PlatePipeline, waited_ms: float) -> tuple[Detection, ...]:
        return find_others(pipeline, data, read, service.settings.redact_min_confidence)

    return await work_on_picture(service, request, work)

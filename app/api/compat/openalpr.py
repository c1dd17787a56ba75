"""The cloud API of OpenALPR, for clients whose address can be set."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.auth import given_key
from app.api.compat.forms import Form, picture_in, read_form
from app.api.compat.ranking import Preference, is_lawful, lawful_probability, ranked_readings
from app.api.compat.translation import TranslatedRoute
from app.api.errors import error_body, status_of
from app.api.limits import admitted, check_room, enter
from app.api.reading import admission_weight, read_picture
from app.api.service import Service, get_service
from app.errors import AlprError, CapacityError, InvalidRequest
from app.options import ReadQuery
from app.vision.types import FrameResult, Plate

Shared = Annotated[Service, Depends(get_service)]

_REGION = "nz"


class OpenAlprRoute(TranslatedRoute):
    @staticmethod
    def error_answer(error: AlprError) -> Response:
        status = status_of(error)
        retry = {"Retry-After": str(error.retry_after)} if isinstance(error, CapacityError) else {}
        body = {"error": error_body(error).detail, "error_code": status}
        return JSONResponse(body, status, retry)


router = APIRouter(route_class=OpenAlprRoute, include_in_schema=False, tags=["openalpr"])


async def _require_key(request: Request, service: Shared) -> None:
    given = request.query_params.get("secret_key") or given_key(request.headers)
    enter(service, request, service.keys.find(given, "read"))


@router.post("/v1/recognize", dependencies=[Depends(_require_key)])
async def recognize(request: Request, service: Shared) -> JSONResponse:
    settings = service.settings
    options = ReadQuery(crops=False).options(settings)
    received = datetime.now(UTC)
    weight = admission_weight(options, service)
    check_room(service, request, weight)
    form = await read_form(
        request,
        max_picture_bytes=settings.max_upload_bytes,
        timeout=settings.upload_timeout,
    )
    data = await _picture(service, form)
    with admitted(service, request, weight):
        result = await read_picture(service, request, data, options)
    return JSONResponse(_answer(result, settings.compat_plate, received))


async def _picture(service: Service, form: Form) -> bytes:
    if file := form.file("image", "image_bytes"):
        return bytes(file.data)
    if text := form.long_text("image_bytes"):
        return await picture_in(text, max_bytes=service.settings.max_upload_bytes)
    if url := form.text("image_url"):
        return await service.fetch(url)
    raise InvalidRequest("Send a picture as image, image_bytes or image_url.")


def _answer(result: FrameResult, prefer: Preference, received: datetime) -> dict[str, Any]:
    milliseconds = round(sum(result.timings_ms.values()), 3)
    return {
        "plate": {
            "data_type": "alpr_results",
            "epoch_time": round(received.timestamp() * 1e3),
            "img_width": result.width,
            "img_height": result.height,
            "processing_time_ms": milliseconds,
            "results": [_result(plate, prefer) for plate in result.plates],
        },
        "processing_time": {"plates": milliseconds, "total": milliseconds},
        "img_width": result.width,
        "img_height": result.height,
    }


def _result(plate: Plate, prefer: Preference) -> dict[str, Any]:
    """Confidences count to 100; the corners run clockwise from the upper left."""
    candidates = [
        {
            "plate": reading.text,
            "confidence": round(100 * reading.score, 2),
            "matches_template": int(index > 0 or is_lawful(plate, prefer)),
        }
        for index, reading in enumerate(ranked_readings(plate, prefer))
    ]
    box = plate.detection.box
    corners = ((box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2))
    return {
        **candidates[0],
        "region": _REGION,
        "region_confidence": round(100 * lawful_probability(plate)),
        "coordinates": [{"x": x, "y": y} for x, y in corners],
        "candidates": candidates,
    }

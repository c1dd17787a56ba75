"""The number-plate API of CodeProject.AI Server.

As Blue Iris, Viseron and Frigate's plate plugins call it. Failures are answered with status 200,
and every answer has a Content-Length and no compression: Blue Iris takes nothing else.
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app import __version__
from app.api.auth import given_key
from app.api.compat.forms import Form, read_form
from app.api.compat.ranking import Preference, Ranked, ranked_readings
from app.api.compat.translation import TranslatedRoute
from app.api.errors import error_body
from app.api.limits import admitted, check_room, enter
from app.api.reading import admission_weight, read_picture
from app.api.service import Service, get_service
from app.errors import AlprError, InvalidRequest
from app.logs import REQUEST_ID
from app.options import ReadQuery
from app.vision.types import FrameResult, Plate

Shared = Annotated[Service, Depends(get_service)]

_HOST = "localhost"
_MODULE = {"moduleId": "ALPR", "moduleName": "License Plate Reader"}
_NAMED_PLATES = 3
_PER_CENT = 100


class CodeProjectRoute(TranslatedRoute):
    @staticmethod
    def error_answer(error: AlprError) -> Response:
        return JSONResponse({"success": False, "error": error_body(error).detail, "code": 500})


router = APIRouter(
    prefix="/v1", route_class=CodeProjectRoute, include_in_schema=False, tags=["codeproject"]
)


async def _let_in(request: Request, service: Shared) -> None:
    if service.settings.codeproject != "open":
        enter(service, request, service.keys.find(given_key(request.headers), "read"))


@router.post("/vision/alpr", dependencies=[Depends(_let_in)])
@router.post("/image/alpr", dependencies=[Depends(_let_in)])
async def read_plates(request: Request, service: Shared) -> JSONResponse:
    settings = service.settings
    options = ReadQuery(crops=False).options(settings)
    weight = admission_weight(options, service)
    check_room(service, request, weight)
    form = await read_form(
        request,
        max_picture_bytes=settings.max_upload_bytes,
        timeout=settings.upload_timeout,
    )
    least = _min_confidence(request, form)
    picture = form.any_file()
    if picture is None:
        raise InvalidRequest("The form has no picture.")
    with admitted(service, request, weight):
        result = await read_picture(service, request, bytes(picture.data), options)
    return JSONResponse(_answer(service, result, least))


@router.get("/status/ping")
@router.get("/server/status/ping")
async def ping(service: Shared) -> JSONResponse:
    service.check_ready()
    numbers = [int(number) for number in __version__.split(".")]
    version = dict(zip(("major", "minor", "patch"), numbers, strict=True))
    return JSONResponse(
        {
            "success": True,
            "code": 200,
            "hostname": _HOST,
            "message": __version__,
            "version": version,
        }
    )


@router.post("/vision/custom/list")
async def custom_models() -> JSONResponse:
    """The object-detection models clients may choose from: this service has none."""
    return JSONResponse({"success": True, "code": 200, "models": [], **_MODULE})


def _min_confidence(request: Request, form: Form) -> float:
    """Of a reading, from the form or the query; 0 where neither has it.

    `0,4` is what clients of other languages send, and `40` means 40 %.

    Raises:
        InvalidRequest: no number from 0 to 100.
    """
    text = form.text("min_confidence") or request.query_params.get("min_confidence") or "0"
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise InvalidRequest("min_confidence is no number.") from error
    if not 0 <= number <= _PER_CENT:  # nan is not either
        raise InvalidRequest("min_confidence is not from 0 to 1, nor a percentage.")
    return number if number <= 1 else number / _PER_CENT


def _answer(service: Service, result: FrameResult, least: float) -> dict[str, Any]:
    predictions = sorted(
        (
            prediction
            for plate in result.plates
            if (prediction := _prediction(plate, service.settings.compat_plate))["confidence"]
            >= least
        ),
        key=lambda prediction: float(prediction["confidence"]),
        reverse=True,
    )
    timings = result.timings_ms
    whole = sum(timings.values())
    processing = whole - timings.get("queue", 0.0)
    return {
        "success": True,
        "message": _message([prediction["label"] for prediction in predictions]),
        "processMs": round(processing),
        "inferenceMs": round(timings["detect"] + timings["ocr"]),
        "predictions": predictions,
        "count": len(predictions),
        **_MODULE,
        "code": 200,
        "command": "alpr",
        "requestId": REQUEST_ID.get(),
        "inferenceDevice": "GPU" if service.settings.device == "cuda" else "CPU",
        "analysisRoundTripMs": round(whole),
        "processedBy": _HOST,
        "timestampUTC": format_datetime(datetime.now(UTC), usegmt=True),
    }


def _prediction(plate: Plate, prefer: Preference) -> dict[str, Any]:
    best: Ranked = ranked_readings(plate, prefer)[0]
    box = plate.detection.box
    return {
        "confidence": round(best.score, 4),
        "label": f"Plate: {best.text}",
        "plate": best.text,
        "x_min": box.x1,
        "y_min": box.y1,
        "x_max": box.x2,
        "y_max": box.y2,
    }


def _message(labels: list[str]) -> str:
    if not labels:
        return "No plates found"
    more = "..." if len(labels) > _NAMED_PLATES else ""
    return f"Found {', '.join(labels[:_NAMED_PLATES])}{more}"

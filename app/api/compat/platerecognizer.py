"""The API of Plate Recognizer Snapshot, as served by its on-premise SDK."""

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.auth import given_key
from app.api.compat.forms import Form, picture_in, read_form
from app.api.compat.platerecognizer_bodies import (
    MAX_CALLS,
    box_body,
    iso,
    snapshot_request,
    snapshot_results,
    statistics_body,
    usage_body,
)
from app.api.compat.translation import TranslatedRoute
from app.api.errors import error_body
from app.api.limits import admitted, check_room, enter
from app.api.reading import admission_weight, read_picture
from app.api.redacting import redact_picture, redaction_weight
from app.api.service import Service, get_service
from app.errors import (
    AlprError,
    CapacityError,
    FetchError,
    Forbidden,
    ImageError,
    InvalidRequest,
    RequestError,
    RequestTooLarge,
    TooManyPixels,
    Unauthorized,
    UploadTimeout,
)
from app.logs import REQUEST_ID
from app.options import ReadQuery

Shared = Annotated[Service, Depends(get_service)]

_STATUS: dict[type[AlprError], HTTPStatus] = {
    Unauthorized: HTTPStatus.FORBIDDEN,
    Forbidden: HTTPStatus.FORBIDDEN,
    RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyPixels: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UploadTimeout: HTTPStatus.REQUEST_TIMEOUT,
    CapacityError: HTTPStatus.TOO_MANY_REQUESTS,
    ImageError: HTTPStatus.BAD_REQUEST,
    RequestError: HTTPStatus.BAD_REQUEST,
    FetchError: HTTPStatus.BAD_REQUEST,
    AlprError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The entry of the nearest ancestor counts."""


class PlateRecognizerRoute(TranslatedRoute):
    @staticmethod
    def error_answer(error: AlprError) -> Response:
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        detail, headers = error_body(error).detail, {}
        if isinstance(error, Unauthorized):
            detail = "Invalid token."
        if isinstance(error, CapacityError):
            seconds = error.retry_after
            unit = "second" if seconds == 1 else "seconds"
            detail = f"Request was throttled. Expected available in {seconds} {unit}."
            headers["Retry-After"] = str(seconds)
        return JSONResponse({"detail": detail, "status_code": status}, status, headers)


async def _require_key(request: Request, service: Shared) -> None:
    key = service.keys.find(given_key(request.headers), "read")
    if request.method == "POST":  # the others tell how many calls there were
        enter(service, request, key)


router = APIRouter(
    route_class=PlateRecognizerRoute,
    include_in_schema=False,
    tags=["platerecognizer"],
    dependencies=[Depends(_require_key)],
)


@router.post("/v1/plate-reader")
@router.post("/v1/plate-reader/")
async def read_plates(request: Request, service: Shared) -> JSONResponse:
    received = datetime.now(UTC)
    weight = admission_weight(ReadQuery(crops=False).options(service.settings), service)
    check_room(service, request, weight)
    form = await _form(request, service)
    asked = await asyncio.to_thread(snapshot_request, form)  # patterns take time to compile
    name, data = await _picture(service, form)
    config = asked.config
    options = config.query().options(service.settings)
    if config.mode == "redaction":
        confidence = service.settings.redact_min_confidence
        options = replace(options, unread_confidence=confidence)
        weight = min(weight + redaction_weight(service), service.admission.limit)
    with admitted(service, request, weight):
        result = await read_picture(service, request, data, options, camera=asked.camera_id)
    body = {
        "processing_time": round(sum(result.timings_ms.values()), 3),
        "results": snapshot_results(result, asked, service.settings.compat_plate),
        "filename": name,
        "version": 1,
        "camera_id": asked.camera_id,
        "timestamp": asked.timestamp or iso(received, "microseconds"),
    }
    return await _counted(service, body)


@router.post("/v1/blur")
@router.post("/v1/blur/")
async def blur(request: Request, service: Shared) -> JSONResponse:
    received = datetime.now(UTC)
    weight = redaction_weight(service)
    check_room(service, request, weight)
    form = await _form(request, service)
    asked = await asyncio.to_thread(snapshot_request, form)  # patterns take time to compile
    _refuse_faces(form)
    name, data = await _picture(service, form)
    with admitted(service, request, weight):
        done = await redact_picture(
            service,
            request,
            data,
            min_confidence=asked.config.threshold_d,
            camera=asked.camera_id,
        )
        encoded = await asyncio.to_thread(base64.b64encode, done.data)
    body = {
        "processing_time": round(sum(done.timings_ms.values()), 3),
        "blur": {"filename": name, "base64": encoded.decode()},
        "plates": [
            {"box": box_body(plate.box), "dscore": round(plate.confidence, 3)}
            for plate in done.plates
        ],
        "faces": [],
        "filename": name,
        "version": 1,
        "camera_id": asked.camera_id,
        "timestamp": asked.timestamp or iso(received, "microseconds"),
    }
    return await _counted(service, body)


@router.get("/v1/statistics")
@router.get("/v1/statistics/")
async def statistics(service: Shared) -> JSONResponse:
    return JSONResponse(statistics_body(await asyncio.to_thread(service.usage.usage)))


@router.get("/info")
@router.get("/info/")
async def info(service: Shared) -> JSONResponse:
    usage = await asyncio.to_thread(service.usage.usage)
    return JSONResponse(
        {
            "version": "1",
            "license_key": "",
            "total_calls": MAX_CALLS,
            "usage": usage_body(usage),
            "webhooks": [],
        }
    )


def _refuse_faces(form: Form) -> None:
    """Raises InvalidRequest: who asks for it would publish the faces that are still there."""
    if (form.text("faces") or "0").strip().lower() not in ("0", "false", "no", "off"):
        raise InvalidRequest("Faces are not blurred here: leave out faces, or send 0.")


async def _counted(service: Service, body: dict[str, Any]) -> JSONResponse:
    """The answer to a picture, with the calls of the month."""
    usage = await asyncio.to_thread(service.usage.count)
    status = HTTPStatus.CREATED if service.settings.platerecognizer_created else HTTPStatus.OK
    return JSONResponse({**body, "usage": usage_body(usage)}, status)


async def _form(request: Request, service: Service) -> Form:
    settings = service.settings
    return await read_form(
        request, max_picture_bytes=settings.max_upload_bytes, timeout=settings.upload_timeout
    )


async def _picture(service: Service, form: Form) -> tuple[str, bytes]:
    """Name and bytes of the picture, uploaded or behind a URL.

    Raises:
        InvalidRequest, RequestTooLarge, FetchError
    """
    if file := form.file("upload"):
        return file.filename or _unnamed(), bytes(file.data)
    if text := form.long_text("upload"):
        return _unnamed(), await picture_in(text, max_bytes=service.settings.max_upload_bytes)
    if url := form.text("upload_url"):
        data = await service.fetch(url)  # first, because it refuses what is no URL
        return PurePosixPath(urlsplit(url).path).name or _unnamed(), data
    raise InvalidRequest("Send a picture as upload or upload_url.")


def _unnamed() -> str:
    """A name for a picture that came without one."""
    return f"{REQUEST_ID.get()}.jpg"

"""The native endpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.api.access import Shared, reads
from app.api.errors import documented, error_body
from app.api.limits import admitted, check_room, take_more
from app.api.placing import PictureQuery, Placing
from app.api.reading import (
    admission_weight,
    read_picture,
    read_pictures,
)
from app.api.schemas.pictures import (
    BatchItem,
    BatchPrediction,
    ModelBody,
    Prediction,
    UrlRequest,
    prediction_body,
)
from app.api.service import Service
from app.api.transport.bodies import SentFile, read_file, read_files, read_json, too_large
from app.errors import AlprError
from app.logs import REQUEST_ID
from app.vision.pipeline import ReadOptions
from app.vision.types import FrameResult

Options = Annotated[PictureQuery, Query()]


router = APIRouter(
    prefix="/predict",
    tags=["predict"],
    dependencies=[Depends(reads)],
    responses=documented(400, 401, 403, 408, 413, 415, 422, 429, 500, 503),
)


PICTURE_FILE = {
    "type": "string",
    "format": "binary",
    "description": "JPEG, PNG, WebP, AVIF, BMP, TIFF",
}


def picture_body(field: str, schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI of a body the route reads itself, after authentication and admission."""
    form = {"type": "object", "required": [field], "properties": {field: schema}}
    content = {"multipart/form-data": {"schema": form}, "image/*": {"schema": PICTURE_FILE}}
    return {"requestBody": {"required": True, "content": content}}


_URL_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": UrlRequest.model_json_schema()}},
    }
}


@router.post(
    "/file", openapi_extra=picture_body("file", PICTURE_FILE), summary="Read an uploaded picture"
)
async def predict_file(request: Request, service: Shared, query: Options) -> Prediction:
    settings = service.settings
    options = query.options(settings)
    weight = admission_weight(options, service)
    check_room(service, request, weight)  # before the body is received, which takes its time
    data = await read_file(
        request, "file", max_bytes=settings.max_upload_bytes, timeout=settings.upload_timeout
    )
    with admitted(service, request, weight):
        result = await read_picture(
            service, request, data, options, camera=query.camera, at=query.moment()
        )
    return _answer(service, result)


@router.post("/url", openapi_extra=_URL_BODY, summary="Fetch a picture and read it")
async def predict_url(request: Request, service: Shared, query: Options) -> Prediction:
    options = query.options(service.settings)
    weight = admission_weight(options, service)
    check_room(service, request, weight)
    body = await read_json(request, UrlRequest, timeout=service.settings.upload_timeout)
    data = await service.fetch(str(body.url))
    with admitted(service, request, weight):
        result = await read_picture(
            service, request, data, options, camera=query.camera, at=query.moment()
        )
    return _answer(service, result)


@router.post(
    "/batch",
    openapi_extra=picture_body("files", {"type": "array", "items": PICTURE_FILE}),
    summary="Read many uploaded pictures",
)
async def predict_batch(request: Request, service: Shared, query: Options) -> BatchPrediction:
    """One item for each file, in their order; a file that fails does not fail the others."""
    settings = service.settings
    options = query.options(settings)
    weight = admission_weight(options, service)
    check_room(service, request, weight)
    files = await read_files(
        request,
        "files",
        max_files=settings.batch_limit,
        max_bytes=settings.max_batch_bytes,
        timeout=settings.upload_timeout,
    )
    take_more(request, len(files) - 1)
    with admitted(service, request, weight * len(files)):
        items = await _read_batch(service, request, files, options, query)
    return BatchPrediction(results=items, request_id=REQUEST_ID.get())


async def _read_batch(
    service: Service,
    request: Request,
    files: list[SentFile],
    options: ReadOptions,
    placing: Placing,
) -> list[BatchItem]:
    limit = service.settings.max_upload_bytes
    pictures = [file.data if len(file.data) <= limit else too_large(limit) for file in files]
    outcomes = await read_pictures(
        service, request, pictures, options, camera=placing.camera, at=placing.moment()
    )
    return [
        _item(service, file.filename, outcome)
        for file, outcome in zip(files, outcomes, strict=True)
    ]


def _item(service: Service, filename: str | None, outcome: FrameResult | AlprError) -> BatchItem:
    if isinstance(outcome, AlprError):
        return BatchItem(filename=filename, error=error_body(outcome))
    return BatchItem(filename=filename, result=_answer(service, outcome))


def _answer(service: Service, result: FrameResult) -> Prediction:
    model = ModelBody(detector=service.weights.detector.name, ocr=service.weights.ocr.name)
    return prediction_body(result, model, REQUEST_ID.get())

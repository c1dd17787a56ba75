"""Pictures without their plates."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.access import reads
from app.api.errors import documented
from app.api.limits import admitted, check_room
from app.api.redacting import redact_picture, redaction_weight
from app.api.routes.predict import PICTURE_FILE, picture_body
from app.api.service import Service, get_service
from app.api.transport.bodies import read_file
from app.vision.redact import Style
from app.vision.rotation import Rotate

COUNT_HEADER = "X-Plates-Redacted"
DAMAGED_HEADER = "X-Picture-Damaged"

router = APIRouter(tags=["redact"], dependencies=[Depends(reads)])

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture, in the format it came in; AVIF, BMP, GIF and TIFF as PNG.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
        "headers": {
            COUNT_HEADER: {"description": "Plates covered.", "schema": {"type": "integer"}},
            DAMAGED_HEADER: {
                "description": "`true` where part of the file was lost, plates perhaps with it.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


class RedactQuery(BaseModel):
    """What a request may choose; anything else in the query is an error."""

    model_config = ConfigDict(extra="forbid")

    style: Style = Field("blur", description="Blurred beyond recognition, or covered in black.")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Lowest detection confidence; the service has a default."
    )
    rotate: Rotate | None = Field(
        None,
        description="Degrees clockwise by which the picture is turned to look for plates once "
        "more; `auto` looks in every direction. The picture itself is not turned.",
    )


@router.post(
    "/redact",
    openapi_extra=picture_body("file", PICTURE_FILE),
    responses={**_PICTURE, **documented(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)},
    response_class=Response,
    summary="Give a picture back with every plate covered",
)
async def redact(
    request: Request,
    service: Annotated[Service, Depends(get_service)],
    query: Annotated[RedactQuery, Query()],
) -> Response:
    """Metadata (EXIF with its location, comments, thumbnails) is dropped; the rest stays."""
    settings = service.settings
    weight = redaction_weight(service, query.rotate)
    check_room(service, request, weight)  # before the body is received, which takes its time
    data = await read_file(
        request, "file", max_bytes=settings.max_upload_bytes, timeout=settings.upload_timeout
    )
    with admitted(service, request, weight):
        done = await redact_picture(
            service,
            request,
            data,
            style=query.style,
            min_confidence=query.min_confidence,
            rotate=query.rotate,
        )
    headers = {COUNT_HEADER: str(len(done.plates))}
    if done.damaged:
        headers[DAMAGED_HEADER] = "true"
    return Response(done.data, media_type=done.media_type, headers=headers)

"""The one table from exceptions to HTTP, and the one form of an error body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.errors import (
    AlprError,
    AlreadyListed,
    AnimatedImage,
    CapacityError,
    FetchError,
    Forbidden,
    HeadersTooLarge,
    ImageError,
    LimitExceeded,
    ListsFull,
    NotReplayable,
    RequestError,
    RequestTooLarge,
    TooManyPixels,
    Unauthorized,
    UnknownCamera,
    UnknownDelivery,
    UnknownEntry,
    UnknownList,
    UnknownPass,
    UnknownTarget,
    UnsupportedImage,
    UnsupportedMediaType,
    UploadTimeout,
    VideoError,
    VideoTooLong,
)

STATUS: dict[type[AlprError], HTTPStatus] = {
    UnsupportedImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    AnimatedImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    TooManyPixels: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ImageError: HTTPStatus.BAD_REQUEST,
    VideoTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    VideoError: HTTPStatus.BAD_REQUEST,
    UnknownCamera: HTTPStatus.NOT_FOUND,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    UploadTimeout: HTTPStatus.REQUEST_TIMEOUT,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    FetchError: HTTPStatus.BAD_REQUEST,
    UnknownPass: HTTPStatus.NOT_FOUND,
    UnknownList: HTTPStatus.NOT_FOUND,
    UnknownEntry: HTTPStatus.NOT_FOUND,
    AlreadyListed: HTTPStatus.CONFLICT,
    ListsFull: HTTPStatus.CONFLICT,
    UnknownTarget: HTTPStatus.NOT_FOUND,
    UnknownDelivery: HTTPStatus.NOT_FOUND,
    NotReplayable: HTTPStatus.CONFLICT,
    LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    CapacityError: HTTPStatus.SERVICE_UNAVAILABLE,
    AlprError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The entry of the nearest ancestor counts."""

CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a client that went away; nobody receives it, the metrics count it."""

_INTERNAL = "The service failed on this request."
_SHOWN_FAULTS = 8
_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}


class ErrorBody(BaseModel):
    """Body of every answer that is not a success."""

    detail: str = Field(description="A sentence for people.", examples=["The image is empty."])
    code: str = Field(description="A name for programs.", examples=["empty_image"])


def status_of(error: AlprError) -> HTTPStatus:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_body(error: AlprError) -> ErrorBody:
    """What the caller may know; failures that are ours stay ours."""
    internal = status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR
    return ErrorBody(detail=_INTERNAL if internal else str(error), code=error.code)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for error answers with these statuses."""
    return {
        status: {"model": ErrorBody, "description": HTTPStatus(status).phrase}
        for status in statuses
    }


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(AlprError, alpr_answer)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def alpr_answer(request: Request, error: Exception) -> JSONResponse:
    """The answer to an AlprError, counted."""
    assert isinstance(error, AlprError)
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, CapacityError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, HeadersTooLarge):
        headers["Connection"] = "close"
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "ApiKey"
    return _answer(request, error_body(error), status, headers)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    body = ErrorBody(detail=describe_validation(error.errors()), code=RequestError.code)
    return _answer(request, body, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _STATUS_CODES.get(error.status_code, RequestError.code)
    body = ErrorBody(detail=str(error.detail), code=code)
    return _answer(request, body, error.status_code, error.headers)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


def unexpected_answer(request: Request) -> JSONResponse:
    """To an exception that is no AlprError: a fault of ours nobody foresaw."""
    body = ErrorBody(detail=_INTERNAL, code=AlprError.code)
    return _answer(request, body, HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(
    request: Request, body: ErrorBody, status: int, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Every error answer is made, and counted, here."""
    request.app.state.service.metrics.refused.labels(body.code).inc()
    return JSONResponse(body.model_dump(), status, headers)


def describe_validation(errors: Any) -> str:
    """The first of pydantic's list of faults as one sentence, without echoing the input."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in errors[:_SHOWN_FAULTS]
    ]
    return "; ".join(faults + ["..."] * (len(errors) > _SHOWN_FAULTS))

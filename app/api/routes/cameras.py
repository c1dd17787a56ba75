"""Cameras: how they are doing, what they see, and the passes as they happen."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Annotated, Any

import cv2
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.access import SEES_PASSES, Shared
from app.api.errors import documented
from app.api.middleware import HEAD_ALONE
from app.api.passes import PassStream, StreamEvent
from app.api.schemas.cameras import (
    CameraBody,
    CamerasBody,
    StreamEventBody,
    camera_body,
    elsewhere_body,
)
from app.api.service import Service
from app.errors import CameraElsewhere, NotReady
from app.vision.images.annotate import annotate
from app.vision.types import Frame, FrameResult

router = APIRouter(
    tags=["cameras"], dependencies=[Depends(SEES_PASSES)], responses=documented(401, 403)
)

_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"description": "JPEG", "content": {"image/jpeg": {}}},
    **documented(404, 503),
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "model": StreamEventBody,
        "description": "Server-sent events `new`, `update` and `end`, each with this as `data`; "
        '`missed`, with `{"missed": 3}`, where a client was away for longer than events are kept.',
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **documented(422, 503),
}
_PING = format_sse_event(comment="ping")

CameraName = Annotated[str, Query(description="Only events of this camera.", max_length=64)]


@router.get("/cameras", summary="All cameras and how they are doing")
async def cameras(service: Shared) -> CamerasBody:
    file = service.cameras_file
    return CamerasBody(
        cameras=sorted([*_own(service), *_others(service)], key=lambda body: body.name),
        error=None if file is None else file.error,
    )


@router.get("/cameras/{name}", summary="One camera", responses=documented(404))
async def camera(service: Shared, name: str) -> CameraBody:
    other = next((body for body in _others(service) if body.name == name), None)
    return other or camera_body(service.supervisor.camera(name).status(), _name(service))


def _name(service: Service) -> str | None:
    return None if service.shared_cameras is None else service.shared_cameras.name


def _own(service: Service) -> list[CameraBody]:
    name = _name(service)
    return [camera_body(camera.status(), name) for camera in service.supervisor.cameras]


def _others(service: Service) -> list[CameraBody]:
    if service.shared_cameras is None:
        return []
    return [
        elsewhere_body(
            other.plan.name,
            str(other.plan.address),
            other.owner,
            other.plan.config.frames_a_second(service.settings),
        )
        for other in service.shared_cameras.elsewhere
    ]


@router.get(
    "/cameras/{name}/frame.jpg",
    summary="The newest frame that was read, with the plates in it",
    response_class=Response,
    responses=_JPEG,
)
async def frame(service: Shared, name: str) -> Response:
    if any(other.name == name for other in _others(service)):
        raise CameraElsewhere("Another process watches this camera.")
    newest = service.supervisor.camera(name).newest
    if newest is None:
        raise NotReady("The camera has given no frame yet.")
    jpeg = await asyncio.to_thread(_drawn, *newest)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _drawn(frame: Frame, result: FrameResult) -> bytes:
    return cv2.imencode(".jpg", annotate(frame, result))[1].tobytes()


@router.get(
    "/passes/stream",
    summary="Passes of all cameras as they happen",
    response_class=Response,  # FastAPI's own takes a generator, which could not refuse any more
    responses=_STREAM,
)
async def stream(
    request: Request,
    service: Shared,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    camera: CameraName | None = None,
) -> Response:
    """Without `Last-Event-ID` only what happens from now on."""
    if HEAD_ALONE in request.scope:
        return Response(media_type=EventSourceResponse.media_type)
    with ExitStack() as stack:
        stack.enter_context(service.streams.admit())
        events = _events(service.passes, last_event_id, camera)
        return _Events(events, stack.pop_all())


async def _events(
    passes: PassStream, last_id: str | None, camera: str | None
) -> AsyncGenerator[bytes, None]:
    yield format_sse_event(comment="passes", retry=2000)  # the head of the answer goes out
    async with contextlib.aclosing(passes.follow(last_id)) as events:
        async for event in events:
            match event:
                case StreamEvent():
                    wanted = camera in (None, event.camera)
                    yield _event(event) if wanted else _PING
                case int():
                    yield format_sse_event(event="missed", data_str=f'{{"missed": {event}}}')
                case _:
                    yield _PING


def _event(event: StreamEvent) -> bytes:
    return format_sse_event(event=event.kind, id=event.id, data_str=event.data)


class _Events(EventSourceResponse):
    """Holds what the stream needs until its end."""

    def __init__(self, events: AsyncGenerator[bytes, None], held: ExitStack) -> None:
        super().__init__(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._events, self._held = events, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            async with contextlib.aclosing(self._events):
                await super().__call__(scope, receive, send)

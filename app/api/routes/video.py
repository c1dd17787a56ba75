"""`POST /predict/video`: a clip in, one reading for each vehicle that passes."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.access import Shared, reads
from app.api.errors import documented, error_body
from app.api.jobs import disconnected
from app.api.limits import admitted, check_room
from app.api.placing import PlacedVideoQuery
from app.api.reading import admission_weight
from app.api.schemas.pictures import ModelBody
from app.api.schemas.videos import (
    ErrorLine,
    EventLine,
    ProgressLine,
    ResultLine,
    VideoBody,
    VideoPrediction,
    pass_body,
)
from app.api.service import Service
from app.api.transport.bodies import spool_file
from app.api.watching import Watched, watched
from app.errors import AlprError
from app.logs import REQUEST_ID
from app.passes.taking import pass_of_video
from app.records import frame_recorder
from app.video.passes import Pass, PassEvent, Progress
from app.video.reading import EngineReader
from app.video.sources.file import FileSource

LINES = "application/x-ndjson"

router = APIRouter(
    prefix="/predict",
    tags=["predict"],
    dependencies=[Depends(reads)],
    responses=documented(400, 401, 403, 408, 413, 415, 422, 429, 431, 500, 503),
)

_FILE = {"type": "string", "format": "binary", "description": "MP4, MOV, MKV, WebM, AVI, MPEG-TS"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}}
            }
        },
    }
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "model": VideoPrediction,
        "description": "All passes. With `Accept: application/x-ndjson` a line for each event "
        "(`new`, `update`, `end` with the `pass`), one for each frame (`progress`), and at the end "
        "`result`, which is this answer, or `error`.",
        "content": {LINES: {"schema": {"type": "string"}}},
    }
}


@router.post("/video", openapi_extra=_BODY, responses=_ANSWER, summary="Read an uploaded video")
async def predict_video(
    request: Request, service: Shared, query: Annotated[PlacedVideoQuery, Query()]
) -> Response:
    """One reading for each vehicle that passes, from all frames that show its plate."""
    with ExitStack() as stack:
        options = query.watch_options(service.settings)
        weight = admission_weight(options.read, service)
        check_room(service, request, weight)  # before the video is received, which takes its time
        stack.enter_context(service.videos.admit())
        source = await _received(request, service, query, stack)
        stack.enter_context(admitted(service, request, weight))
        reader = EngineReader(
            service.engine,
            frame_recorder(
                service.observe,
                route=request.scope["route"].path,
                request_id=REQUEST_ID.get(),
            ),
        )
        so_far = Watched(crops=options.read.crops)
        events = watched(
            source,
            reader,
            options,
            so_far,
            seconds=service.settings.video_deadline,
            keep=_keeper(service, query),
        )
        if LINES in request.headers.get("accept", ""):
            return _Lines(_lines(service, source, events, so_far), stack.pop_all())
        await _until_gone(request, _drained(service, events))
        return JSONResponse(_prediction(service, source, so_far).model_dump())


async def _received(
    request: Request, service: Service, query: PlacedVideoQuery, stack: ExitStack
) -> FileSource:
    """The uploaded video, opened; the stack closes and removes it."""
    settings = service.settings
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nz-alpr-"))
    path = Path(folder) / "video"
    with path.open("wb") as file:
        await spool_file(
            request,
            "file",
            file,
            max_bytes=settings.max_video_bytes,
            timeout=settings.video_upload_timeout,
        )
    source = await asyncio.to_thread(
        FileSource,
        path,
        fps=query.frames_a_second(settings),
        max_pixels=settings.max_pixels,
        max_seconds=settings.max_video_seconds,
    )
    return stack.enter_context(source)


def _keeper(service: Service, query: PlacedVideoQuery) -> Callable[[Pass], None] | None:
    """What keeps the passes of a video; None where there is no store."""
    sink = service.sink
    if sink is None:
        return None
    begun, request_id = query.moment(), REQUEST_ID.get()

    def keep(passing: Pass) -> None:
        sink.add(
            pass_of_video(
                passing,
                source="video",
                camera=query.camera,
                first_seen=begun + timedelta(seconds=passing.first_seen_s),
                last_seen=begun + timedelta(seconds=passing.last_seen_s),
                request_id=request_id,
            )
        )

    return keep


Events = AsyncGenerator[PassEvent | Progress, None]


async def _drained(service: Service, events: Events) -> None:
    async with contextlib.aclosing(events):
        async for event in events:
            _count(service, event)


async def _until_gone(request: Request, work: Coroutine[Any, Any, None]) -> None:
    """Do the work. Raises ClientDisconnect, and ends it, where the caller goes away."""
    job, gone = asyncio.create_task(work), asyncio.create_task(disconnected(request))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise ClientDisconnect
        job.result()
    finally:
        for task in (job, gone):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, AlprError):
                await task


async def _lines(
    service: Service, source: FileSource, events: Events, so_far: Watched
) -> AsyncGenerator[str, None]:
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                _count(service, event)
                yield _line(source, so_far, event) + "\n"
    except AlprError as error:
        yield ErrorLine(**error_body(error).model_dump()).model_dump_json() + "\n"
        return
    answer = _prediction(service, source, so_far)
    yield ResultLine(**answer.model_dump()).model_dump_json() + "\n"


class _Lines(StreamingResponse):
    """Lines as they come, holding what the work needs until the last one, or the client's end."""

    media_type = LINES

    def __init__(self, lines: AsyncGenerator[str, None], held: ExitStack) -> None:
        super().__init__(lines)
        self._lines, self._held = lines, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            async with contextlib.aclosing(self._lines):
                await super().__call__(scope, receive, send)


def _count(service: Service, event: PassEvent | Progress) -> None:
    if isinstance(event, PassEvent) and event.kind == "end":
        service.metrics.vehicle_passes.inc()


def _line(source: FileSource, so_far: Watched, event: PassEvent | Progress) -> str:
    if isinstance(event, Progress):
        return ProgressLine(
            at_s=round(event.at_s, 3),
            duration_s=round(source.info.duration_s, 3),
            frames_read=so_far.frames_read,
            plates=event.plates,
        ).model_dump_json()
    return EventLine(
        event=event.kind,
        at_s=round(event.at_s, 3),
        passing=pass_body(event.passing, crops=so_far.crops),
    ).model_dump_json(by_alias=True)


def _prediction(service: Service, source: FileSource, so_far: Watched) -> VideoPrediction:
    return VideoPrediction(
        passes=so_far.passes,
        video=VideoBody(
            width=source.info.width,
            height=source.info.height,
            duration_s=round(source.duration_s, 3),
            frames=source.frames,
            frames_read=so_far.frames_read,
        ),
        warning=so_far.warning,
        timings_ms={stage: round(spent, 2) for stage, spent in so_far.timings_ms.items()},
        model=ModelBody(detector=service.weights.detector.name, ocr=service.weights.ocr.name),
        request_id=REQUEST_ID.get(),
    )

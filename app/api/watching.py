"""A video between the event loop and the engine: watched on a thread of its own, frame by frame."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

from app.api.schemas.videos import PassBody, pass_body
from app.errors import AlprError, InternalError
from app.video.passes import Pass, PassEvent, Progress
from app.video.reading import EngineReader
from app.video.sources.file import FileSource
from app.video.types import VideoFrame
from app.video.watching import WatchOptions, watch


@dataclass(slots=True)
class Watched:
    """What has come of a video so far; `warning` says why there may be more in it."""

    crops: bool = False
    passes: list[PassBody] = field(default_factory=list)
    frames_read: int = 0
    timings_ms: dict[str, float] = field(default_factory=dict)
    warning: str | None = None

    def take(self, event: PassEvent | Progress) -> None:
        if isinstance(event, Progress):
            self.frames_read += 1
            for stage, spent in event.timings_ms.items():
                self.timings_ms[stage] = self.timings_ms.get(stage, 0.0) + spent
        elif event.kind == "end":
            self.passes.append(pass_body(event.passing, crops=self.crops))  # without its picture


async def watched(
    source: FileSource,
    reader: EngineReader,
    options: WatchOptions,
    so_far: Watched,
    *,
    seconds: float,
    keep: Callable[[Pass], None] | None = None,
) -> AsyncGenerator[PassEvent | Progress, None]:
    """The events of a video as they happen, added to what has come of it so far.

    Closing the iterator, or cancelling its task, ends the work. After `seconds` no further frame is
    read; `Watched.warning` then says so. `keep` is called on a thread for each pass that is over.

    Raises:
        VideoError, InferenceError
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()
    events: asyncio.Queue[PassEvent | Progress | BaseException | None] = asyncio.Queue()
    deadline = time.monotonic() + seconds

    def frames() -> Iterator[VideoFrame]:
        for frame in source:
            if stop.is_set():
                return
            if time.monotonic() > deadline:
                so_far.warning = f"Reading ended after {seconds:g} s, at {frame.at_s:.1f} s."
                return
            yield frame
        so_far.warning = source.warning

    def work() -> None:
        end: BaseException | None = None
        try:
            for event in watch(frames(), reader, options):
                if keep is not None and isinstance(event, PassEvent) and event.kind == "end":
                    keep(event.passing)
                loop.call_soon_threadsafe(events.put_nowait, event)
        except (AlprError, CancelledError) as error:
            end = error
        finally:
            loop.call_soon_threadsafe(events.put_nowait, end)

    thread = asyncio.create_task(asyncio.to_thread(work))
    try:
        while (event := await events.get()) is not None:
            if isinstance(event, AlprError):
                raise event
            if isinstance(event, BaseException):
                raise InternalError("The service ended.") from event
            so_far.take(event)
            yield event
        await thread
    finally:
        stop.set()
        source.abort()
        await asyncio.shield(asyncio.wait([thread]))

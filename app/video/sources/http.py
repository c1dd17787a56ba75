"""MJPEG over HTTP, and pictures at a URL that are fetched again and again."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator

import aiohttp

from app.errors import AlprError, CameraLost, ImageError
from app.fetch import UrlFetcher
from app.video.sources.connection import Arrival
from app.video.sources.multipart import MultipartPictures
from app.video.sources.pacing import Pacer
from app.vision.images.decode import decode_picture

STREAM = "multipart/"


class HttpConnection:
    """Receives on a thread of its own; of the pictures that come only those are decoded that are
    asked for. Whether the URL is a stream or one picture, its answer tells."""

    def __init__(self, url: str, fetcher: UrlFetcher, *, fps: float, max_pixels: int) -> None:
        self.frames = self.damaged = 0
        self._url, self._fetcher = url, fetcher
        self._fps, self._max_pixels = fps, max_pixels
        self._pacer = Pacer(fps)
        self._changed = threading.Condition()
        self._newest: tuple[bytes, float] | None = None
        self._end: BaseException | None = None
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._work: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="camera-http", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        return self._pacer.dropped

    def next(self, seconds: float) -> Arrival | None:
        """As `Connection.next`. Raises CameraLost, FetchError."""
        deadline = time.monotonic() + seconds
        while True:
            with self._changed:
                while not (self._pacer.is_due and self._newest):
                    if self._end is not None:
                        raise self._end
                    left = deadline - time.monotonic()
                    if left <= 0 or self._closed:
                        return None
                    self._changed.wait(left)
                self._pacer.take()
                data, arrived_s = self._newest
            try:
                picture = decode_picture(data, max_pixels=self._max_pixels)
            except ImageError:
                self.damaged += 1
                continue
            return Arrival(picture.frame, arrived_s, arrived_s)

    def abort(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._cancel)

    def close(self) -> None:
        self.abort()
        self._thread.join()

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _run(self) -> None:
        end: BaseException
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._received())
            end = CameraLost("The stream ended.")
        except AlprError as error:
            end = error
        except (aiohttp.ClientError, OSError) as error:
            end = CameraLost("The camera does not answer any more.")
            end.__cause__ = error
        except asyncio.CancelledError:
            end = CameraLost("The connection was closed.")
        with self._changed:
            self._end = end
            self._changed.notify_all()

    async def _received(self) -> None:
        self._work = asyncio.current_task()
        if self._closed:
            return
        async with self._fetcher.open(self._url) as answer:
            if answer.content_type.startswith(STREAM):
                async for data in _parts(answer, self._fetcher.max_bytes):
                    self._put(data)
                return
        await self._poll()

    async def _poll(self) -> None:
        while True:
            begun = time.monotonic()
            self._put(await self._fetcher.fetch(self._url))
            await asyncio.sleep(max(0.0, begun + 1 / self._fps - time.monotonic()))

    def _put(self, data: bytes) -> None:
        with self._changed:
            arrived_s = time.monotonic()
            self.frames += 1
            self._pacer.see(arrived_s)
            self._newest = data, arrived_s
            self._changed.notify_all()


async def _parts(answer: aiohttp.ClientResponse, max_bytes: int) -> AsyncGenerator[bytes, None]:
    pictures = MultipartPictures(max_bytes)
    async for data in answer.content.iter_any():
        for part in pictures.feed(data):
            yield part

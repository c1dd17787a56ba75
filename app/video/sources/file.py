"""Frames of a video file."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from app.errors import InvalidVideo, TooManyPixels, VideoTooLong
from app.video.sources.process import DecoderProcess
from app.video.types import VideoFrame, VideoInfo

STALL_S = 20.0
"""A decoder that says nothing for so long, while it is waited for, hangs."""
_MISSING_S = 0.5
_MISSING_FRAMES = 0.05


class FileSource:
    """A video file, decoded in a process of its own; iterate over it once.

        with FileSource(path, fps=5) as source:
            for frame in source: ...

    Frames come upright (by the container's rotation), at most `fps` for each second of the
    stream's own time. A file that breaks off or is damaged gives what could be decoded; `warning`
    then says so. Leaving the context ends the process, wherever it is.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float,
        max_pixels: int,
        max_seconds: float = float("inf"),
        stall_s: float = STALL_S,
    ) -> None:
        """Open the file.

        Raises:
            InvalidVideo: it is no video of a kind that is read, or nothing of it can be decoded.
            TooManyPixels, VideoTooLong: as its container says.
        """
        self.warning: str | None = None
        self.dropped = 0
        """None: a file waits for whoever reads it."""
        self.frames = 0
        """Frames passed by so far, those not asked for included."""
        self.duration_s = 0.0
        """Time of the last of them."""
        self._max_seconds = max_seconds
        self._stall_s = stall_s
        arguments = [str(path.absolute()), str(fps), str(max_pixels)]
        self._decoder = DecoderProcess("app.video.sources.decoding", *arguments)
        try:
            self.info = self._opened(max_pixels)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def abort(self) -> None:
        """End the decoding process, from any thread: the iteration ends then."""
        self._decoder.kill()

    def close(self) -> None:
        """End the decoding process and forget it."""
        self._decoder.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        """Raises InvalidVideo where not one frame can be decoded, VideoTooLong at the limit."""
        given = 0
        while (message := self._decoder.message(self._stall_s)) is not None:
            self.frames, self.duration_s = message["frames"], message["at_s"]
            if message["kind"] == "end":
                self.warning = self._missing()
                break
            shape = message["height"], message["width"], 3
            pixels = self._decoder.take(shape[0] * shape[1] * shape[2], self._stall_s)
            if pixels is None:
                self.warning = self._broken()
                break
            if self.duration_s > self._max_seconds:
                raise self._too_long()
            given += 1
            yield VideoFrame(np.frombuffer(pixels, np.uint8).reshape(shape), self.duration_s)
        else:
            self.warning = self._broken()
        if not given:
            raise InvalidVideo("No frame of the video can be decoded.")

    def _opened(self, max_pixels: int) -> VideoInfo:
        message = self._decoder.message(self._stall_s)
        if message is None or message.pop("kind") != "info":
            raise InvalidVideo("The file is no video that can be read, or it is damaged.")
        self._counted = message.pop("counted")
        info = VideoInfo(**message)
        if info.width * info.height > max_pixels:
            raise TooManyPixels(f"A frame of the video has more than {max_pixels} pixels.")
        if info.duration_s > self._max_seconds:
            raise self._too_long()
        return info

    def _too_long(self) -> VideoTooLong:
        return VideoTooLong(f"The video is longer than {self._max_seconds:g} seconds.")

    def _missing(self) -> str | None:
        """What the container announced and the stream did not have."""
        short = self.info.duration_s - self.duration_s
        lost = self.info.frames - self.frames if self._counted else 0
        a_frame = self.info.duration_s / max(self.info.frames, 1)
        if short > _MISSING_S + 2 * a_frame or lost > 1 + _MISSING_FRAMES * self.info.frames:
            count = f"{self.frames} of {self.info.frames}" if self._counted else f"{self.frames}"
            return (
                f"The video is damaged: {count} frames could be decoded, the last at "
                f"{self.duration_s:.1f} s of {self.info.duration_s:.1f} s."
            )
        return None

    def _broken(self) -> str:
        return f"The video is damaged: decoding it stopped after {self.duration_s:.1f} s."

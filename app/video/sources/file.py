"""Frames of a video file."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from app.errors import InvalidVideo, TooManyPixels, VideoTooLong
from app.video.types import VideoFrame, VideoInfo

STALL_S = 20.0
"""A decoder that says nothing for so long, while it is waited for, hangs."""
_PIECE = 1 << 20
_LONGEST_LINE = 1 << 12
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
        self.frames = 0
        """Frames passed by so far, those not asked for included."""
        self.duration_s = 0.0
        """Time of the last of them."""
        self._max_seconds = max_seconds
        self._stall_s = stall_s
        self._buffer = bytearray()
        command = [sys.executable, "-m", "app.video.sources.decoding"]
        arguments = [str(path.absolute()), str(fps), str(max_pixels)]
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter
            command + arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(__file__).resolve().parents[3],
        )
        assert self._process.stdout is not None
        self._out: IO[bytes] = self._process.stdout
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
        self._process.kill()

    def close(self) -> None:
        """End the decoding process and forget it."""
        self.abort()
        self._process.wait()
        self._out.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        """Raises InvalidVideo where not one frame can be decoded, VideoTooLong at the limit."""
        given = 0
        while (message := self._message()) is not None:
            self.frames, self.duration_s = message["frames"], message["at_s"]
            if message["kind"] == "end":
                self.warning = self._missing()
                break
            shape = message["height"], message["width"], 3
            pixels = self._take(shape[0] * shape[1] * shape[2])
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
        message = self._message()
        if message is None or message.pop("kind") != "info":
            raise InvalidVideo("The file is no video that can be read, or it is damaged.")
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
        lost = self.info.frames - self.frames
        a_frame = self.info.duration_s / max(self.info.frames, 1)
        if short > _MISSING_S + 2 * a_frame or lost > 1 + _MISSING_FRAMES * self.info.frames:
            return (
                f"The video is damaged: {self.frames} of {self.info.frames} frames could be "
                f"decoded, the last at {self.duration_s:.1f} s of {self.info.duration_s:.1f} s."
            )
        return None

    def _broken(self) -> str:
        return f"The video is damaged: decoding it stopped after {self.duration_s:.1f} s."

    def _message(self) -> dict[str, Any] | None:
        """The decoder's next message; None where it has ended or hangs."""
        while (end := self._buffer.find(b"\n", 0, _LONGEST_LINE)) < 0:
            if not self._more():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message: dict[str, Any] = json.loads(line)
        return message

    def _take(self, size: int) -> bytes | None:
        """That many bytes; None where the decoder ends before them."""
        while len(self._buffer) < size:
            if not self._more():
                return None
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _more(self) -> bool:
        """Wait for bytes of the decoder; False at its end or where it takes too long."""
        deadline = time.monotonic() + self._stall_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if selector.select(left):
                    piece = os.read(self._out.fileno(), _PIECE)
                    self._buffer += piece
                    return bool(piece)
        return False

"""A folder of pictures: those that are there, or those that a camera puts there."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from app.errors import CameraLost, ImageError
from app.pictures import SUFFIXES
from app.video.sources.connection import Arrival
from app.video.types import VideoFrame, VideoInfo
from app.vision.images.decode import decode_picture
from app.vision.types import Frame

POLL_S = 0.25
KEPT = 32
"""Pictures that wait to be read; of more the oldest are dropped."""

_State = tuple[int, int]


class FolderSource:
    """The pictures of a folder as a video: in the order of their names, 1/fps s apart."""

    def __init__(self, path: Path, *, fps: float, max_pixels: int) -> None:
        self.frames = self.dropped = self.damaged = 0
        self.warning: str | None = None
        names = [entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES]
        self.info = VideoInfo(0, 0, len(names) / fps, len(names))
        self._paths = sorted(names, key=_natural)
        self._fps, self._max_pixels = fps, max_pixels
        self._aborted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        for path in self._paths:
            if self._aborted:
                return
            at_s = self.frames / self._fps
            self.frames += 1
            try:
                picture = _decoded(path, self._max_pixels)
            except ImageError:
                self.damaged += 1
                self.warning = f"{self.damaged} pictures cannot be read, the last {path.name}."
                continue
            yield VideoFrame(picture, at_s)

    def abort(self) -> None:
        self._aborted = True

    def close(self) -> None:
        self.abort()


class FolderConnection:
    """The pictures that are put into a folder from now on, by FTP or from a camera's own software.

    Each is read once, and again where it is overwritten, at the time that it was written, once it
    does not grow any more.
    """

    def __init__(self, path: Path, *, max_pixels: int) -> None:
        """Raises CameraLost where there is no such folder."""
        self.frames = self.dropped = self.damaged = 0
        self._path, self._max_pixels = path, max_pixels
        self._stopped = threading.Event()
        self._known = self._listed()
        self._growing: dict[Path, _State] = {}
        self._ready: list[tuple[int, Path]] = []

    def next(self, seconds: float) -> Arrival | None:
        """As `Connection.next`: the oldest that waits. Raises CameraLost."""
        deadline = time.monotonic() + seconds
        while not self._stopped.is_set():
            self._look()
            while self._ready:
                written_ns, path = self._ready.pop(0)
                try:
                    picture = _decoded(path, self._max_pixels)
                except (ImageError, OSError):
                    self.damaged += 1
                    continue
                return Arrival(picture, written_ns / 1e9, time.monotonic())
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._stopped.wait(min(left, POLL_S))
        return None

    def abort(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.abort()

    def _look(self) -> None:
        """Find what is new: written since it was last read, and as it was at the last look."""
        listed = self._listed()
        new = {path: state for path, state in listed.items() if self._known.get(path) != state}
        whole = {path: state for path, state in new.items() if self._growing.get(path) == state}
        self._growing = {path: state for path, state in new.items() if path not in whole}
        self._known = {path: state for path, state in self._known.items() if path in listed} | whole
        self.frames += len(whole)
        self._ready += sorted((written_ns, path) for path, (written_ns, _) in whole.items())
        late = max(0, len(self._ready) - KEPT)
        self.dropped += late
        del self._ready[:late]

    def _listed(self) -> dict[Path, _State]:
        found: dict[Path, _State] = {}
        try:
            for entry in self._path.iterdir():
                if entry.suffix.lower() in SUFFIXES:
                    state = entry.stat()
                    found[entry] = state.st_mtime_ns, state.st_size
        except FileNotFoundError as error:
            if not self._path.is_dir():
                raise CameraLost("The folder cannot be read.") from error
        except OSError as error:
            raise CameraLost("The folder cannot be read.") from error
        return found


def _decoded(path: Path, max_pixels: int) -> Frame:
    """Raises ImageError, OSError."""
    return decode_picture(path.read_bytes(), max_pixels=max_pixels).frame


def _natural(path: Path) -> tuple[tuple[int, int | str], ...]:
    """Numbers in names count as numbers: 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", path.name.lower())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts)

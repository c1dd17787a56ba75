"""One camera at work."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.engine import Engine
from app.errors import AlprError, UrlNotAllowed
from app.fetch import UrlFetcher
from app.video.cameras.config import CameraPlan
from app.video.cameras.events import (
    CameraEvent,
    CameraObserver,
    CameraPass,
    CameraProgress,
    CameraState,
)
from app.video.options import WatchDefaults
from app.video.passes import PassEvent, Progress
from app.video.reading import FrameObserver, PatientReader
from app.video.sources.live import LiveSource, State
from app.video.sources.opening import LiveOptions, open_live
from app.video.types import Silence, VideoFrame
from app.video.watching import watch
from app.vision.pipeline import ReadOptions
from app.vision.types import Frame, FrameResult

logger = logging.getLogger(__name__)

TURN_S = 0.7
"""A frame that waits longer for its turn is left out: there are newer ones."""
RESTART_S = 5.0
"""After a fault that nobody foresaw."""
_AGES = 200
_HINT = " Name its host in ALPR_URL_PRIVATE_HOSTS, if it is yours."


class CameraDefaults(WatchDefaults, Protocol):
    """The settings that count where the file does not say otherwise."""

    @property
    def max_pixels(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all cameras share. `observe` is told of each frame read, with the camera's name."""

    engine: Engine
    defaults: CameraDefaults
    fetcher: UrlFetcher
    observe: Callable[[str], FrameObserver]


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera is doing; times are of the clock (UTC), counts since it was started.

    `latency_s` are the ages of the last frames at the end of their reading.
    """

    name: str
    source: str
    state: State
    since: datetime
    error: str | None
    fps: float
    size: tuple[int, int] | None
    frames: int
    read: int
    dropped: int
    damaged: int
    reconnects: int
    passes: int
    unread: int
    latency_s: tuple[float, ...]
    last_frame: datetime | None
    last_pass: CameraPass | None


class Camera:
    """Watches one camera on a thread of its own, until it is stopped. Attributes may be read from
    any thread."""

    def __init__(
        self, plan: CameraPlan, around: Surroundings, observers: Sequence[CameraObserver]
    ) -> None:
        self.plan = plan
        self._observers = observers
        self._options = plan.config.watch_options(around.defaults)
        if plan.config.min_agreeing is not None:
            self._options = replace(self._options, min_agreeing=plan.config.min_agreeing)
        if plan.config.new_confidence is not None:
            self._options = replace(self._options, new_confidence=plan.config.new_confidence)
        self._fps = plan.config.frames_a_second(around.defaults)
        self._reader = _Reader(around.engine, around.observe(plan.name))
        self._source: LiveSource = open_live(
            plan.address,
            LiveOptions(
                self._fps,
                around.defaults.max_pixels,
                around.fetcher,
                plan.config.transport,
                plan.patience,
            ),
            tell=self._changed,
        )
        self._state: State = "connecting"
        self._since = datetime.now(UTC)
        self._error: str | None = None
        self._lost_before = False
        self._told = (0, 0, 0)
        self._read = self._passes = self._unread = 0
        self._ages: deque[float] = deque(maxlen=_AGES)
        self._last_frame: datetime | None = None
        self._last_pass: CameraPass | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{plan.name}", daemon=True)

    @property
    def state(self) -> State:
        return self._state

    @property
    def newest(self) -> tuple[Frame, FrameResult] | None:
        """The last frame that was read, and what was in it."""
        return self._reader.newest

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Make it end; does not wait for that."""
        self._stopped.set()
        self._source.abort()

    def join(self, seconds: float) -> bool:
        """Wait for its end; False where it does not come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def status(self) -> CameraStatus:
        newest = self.newest
        return CameraStatus(
            name=self.plan.name,
            source=str(self.plan.address),
            state=self._state,
            since=self._since,
            error=self._error,
            fps=self._fps,
            size=None if newest is None else (newest[0].shape[1], newest[0].shape[0]),
            frames=self._source.frames,
            read=self._read,
            dropped=self._dropped,
            damaged=self._source.damaged,
            reconnects=self._source.reconnects,
            passes=self._passes,
            unread=self._unread,
            latency_s=tuple(self._ages),
            last_frame=self._last_frame,
            last_pass=self._last_pass,
        )

    @property
    def _dropped(self) -> int:
        return self._source.dropped + self._reader.left_out

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch()
            except CancelledError:  # the engine is closed
                return
            except Exception:
                # Whatever it is, the other cameras go on, and this one is tried again.
                logger.exception("camera %s failed", self.plan.name)
                self._stopped.wait(RESTART_S)

    def _watch(self) -> None:
        for event in watch(self._frames(), self._reader, self._options):
            if isinstance(event, PassEvent):
                self._tell_pass(event)
            else:
                self._tell_read(event)

    def _frames(self) -> Iterator[VideoFrame | Silence]:
        for frame in self._source:
            yield frame
            self._tell_counts()

    def _tell_read(self, progress: Progress) -> None:
        age_s = self._source.now() - progress.at_s
        self._read += 1
        self._unread += progress.unread
        self._ages.append(age_s)
        self._last_frame = self._clock(progress.at_s)
        self._tell_counts(age_s, progress.unread)

    def _tell_counts(self, age_s: float | None = None, unread: int = 0) -> None:
        counts = self._source.frames, self._dropped, self._source.damaged
        frames, dropped, damaged = (
            count - told for count, told in zip(counts, self._told, strict=True)
        )
        self._told = counts
        if age_s is not None or frames or dropped or damaged:
            self._tell(
                CameraProgress(self.plan.name, frames, dropped, damaged, age_s=age_s, unread=unread)
            )

    def _tell_pass(self, event: PassEvent) -> None:
        passing = event.passing
        told = CameraPass(
            self.plan.name,
            event,
            at=self._clock(event.at_s),
            first_seen=self._clock(passing.first_seen_s),
            last_seen=self._clock(passing.last_seen_s),
            crops=self._options.read.crops,
        )
        self._passes += event.kind == "end"
        self._last_pass = told
        self._tell(told)

    def _changed(self, state: State, error: AlprError | None) -> None:
        """A change of the source's state. The first loss is logged, not each attempt after it."""
        if state == "waiting":
            hint = _HINT if isinstance(error, UrlNotAllowed) else ""
            self._error = f"{error}{hint}"
            if not self._lost_before:
                logger.warning("camera %s: %s", self.plan.name, self._error)
            self._lost_before = True
        if state == "live":
            logger.info("camera %s is live", self.plan.name)
            self._error, self._lost_before = None, False
        if not (state == "connecting" and self._lost_before):  # still not there
            self._state, self._since = state, datetime.now(UTC)
        self._tell(CameraState(self.plan.name, state, error))

    def _tell(self, event: CameraEvent) -> None:
        for observer in self._observers:
            observer(event)

    def _clock(self, at_s: float) -> datetime:
        """A time of the stream by the clock, as it goes now: it may have been set meanwhile."""
        return datetime.now(UTC) - timedelta(seconds=self._source.now() - at_s)


class _Reader(PatientReader):
    """Keeps the newest frame with what was in it, and counts those left out."""

    def __init__(self, engine: Engine, observe: FrameObserver) -> None:
        super().__init__(engine, observe, seconds=TURN_S)
        self.newest: tuple[Frame, FrameResult] | None = None
        self.left_out = 0

    def read_frame(self, frame: Frame, options: ReadOptions) -> FrameResult | None:
        result = super().read_frame(frame, options)
        if result is None:
            self.left_out += 1
        else:
            self.newest = frame, result
        return result

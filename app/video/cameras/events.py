"""What is told of cameras, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.errors import AlprError
from app.video.passes import PassEvent
from app.video.sources.live import State


@dataclass(frozen=True, slots=True)
class CameraPass:
    """An event of a pass, with times of the clock (UTC): of the event, and of the plate's first
    and last frame. `crops`: a picture of the plate is wanted with it."""

    camera: str
    event: PassEvent
    at: datetime
    first_seen: datetime
    last_seen: datetime
    crops: bool = False


@dataclass(frozen=True, slots=True)
class CameraProgress:
    """What came of a camera since it was last told.

    `frames` came, `damaged` of them could not be decoded; `dropped` were due and nobody had time.
    `age_s` is of the frame that was read, at the end of its reading; None where none was.
    `unread` plates were followed and are gone without a reading.
    """

    camera: str
    frames: int
    dropped: int
    damaged: int
    age_s: float | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True)
class CameraState:
    """`error`: why the connection was lost."""

    camera: str
    state: State
    error: AlprError | None = None


CameraEvent = CameraPass | CameraProgress | CameraState

CameraObserver = Callable[[CameraEvent], None]
"""Called on the thread of a camera, which waits for it."""

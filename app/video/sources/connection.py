"""What a live source is made of: one connection after the other."""

from dataclasses import dataclass
from typing import Protocol

from app.vision.types import Frame


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame, (height, width, 3) uint8 BGR.

    `told_s` is its time by the stream, `arrived_s` when it came, on `time.monotonic`'s clock.
    """

    picture: Frame
    told_s: float
    arrived_s: float


class Connection(Protocol):
    """One connection, until it is lost.

    Counts as a `Source` does; `damaged` are frames that came and could not be decoded.
    """

    @property
    def frames(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def damaged(self) -> int: ...

    def next(self, seconds: float) -> Arrival | None:
        """The newest frame once one is due; None where none comes in that time.

        Raises:
            CameraLost, FetchError: there will be no more.
        """

    def abort(self) -> None:
        """End it from any thread: `next` returns or raises."""

    def close(self) -> None: ...

"""What became of each picture: made once, observed by metrics, logs and whatever comes."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.errors import AlprError, InternalError
from app.vision.pipeline import ReadOptions
from app.vision.redact import Redaction, RedactOptions
from app.vision.types import FrameResult

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """One accepted picture, from the moment it was handed to the engine to its end.

    `route` is the template of the endpoint, `camera` what the client calls the place the picture
    comes from, `seconds` the time from acceptance to the outcome, waiting included; `frame` says
    that it is one of a video. `ended` is the moment of `time.monotonic` when there was an outcome.
    """

    request_id: str
    route: str
    camera: str | None
    options: ReadOptions | RedactOptions
    outcome: FrameResult | Redaction | AlprError
    seconds: float
    frame: bool = False
    ended: float = field(default_factory=time.monotonic)

    @property
    def work(self) -> str:
        """`read`, `redact`, or `watch` for a frame of a video."""
        if self.frame:
            return "watch"
        return "read" if isinstance(self.options, ReadOptions) else "redact"

    @property
    def busy_seconds(self) -> float | None:
        """Time a worker spent on it; None where there is no result."""
        if isinstance(self.outcome, AlprError):
            return None
        timings = self.outcome.timings_ms
        return (sum(timings.values()) - timings.get("queue", 0.0)) / 1e3


RecordObserver = Callable[[PictureRecord], None]


def frame_recorder(
    observe: RecordObserver, *, route: str, request_id: str = "-", camera: str | None = None
) -> Callable[[ReadOptions, FrameResult | AlprError, float], None]:
    """Makes a record of each frame of a video, from its options, outcome and seconds."""

    def record(options: ReadOptions, outcome: FrameResult | AlprError, seconds: float) -> None:
        observe(PictureRecord(request_id, route, camera, options, outcome, seconds, frame=True))

    return record


class RecordLog:
    """Writes what an operator must know of a picture: faults of ours, and plates if asked to."""

    def __init__(self, *, plates: bool) -> None:
        """`plates`: log their texts, which are personal information."""
        self._plates = plates

    def __call__(self, record: PictureRecord) -> None:
        outcome = record.outcome
        if isinstance(outcome, InternalError):
            logger.error("%s failed", record.work, exc_info=outcome)
        elif self._plates and isinstance(outcome, FrameResult) and not record.frame:
            logger.info("plates %s", ",".join(plate.characters.text for plate in outcome.plates))

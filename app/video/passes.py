"""What is told of a vehicle that passes, and when."""

import math
from dataclasses import dataclass
from typing import Literal

from app.video.fusion import FusedReading, Look
from app.vision.types import Box, Frame, Plate

EventKind = Literal["new", "update", "end"]
Nearing = Literal["nearing", "leaving", "steady"]

STANDS = 0.5
"""Heights of a plate that it must have moved for its direction to mean anything."""
GROWS = 1.1
"""Ratio of heights from which a vehicle comes nearer, or goes away."""


@dataclass(frozen=True, slots=True)
class Direction:
    """`degrees` in the picture: 0 to the right, 90 down, clockwise; None for a standing vehicle."""

    degrees: float | None
    motion: Nearing


@dataclass(frozen=True, slots=True)
class BestFrame:
    """The look that was read best; `picture` is the frame, (height, width, 3) uint8 BGR."""

    at_s: float
    plate: Plate
    picture: Frame

    @property
    def box(self) -> Box:
        """In pixels of the picture."""
        return self.plate.detection.box


@dataclass(frozen=True, slots=True)
class Pass:
    """A vehicle that passes, as far as is known by `last_seen_s`.

    `id` is the same in all events of a pass. Times are seconds of the video's own time. `frames`
    are those that its plate was found in, `looks` those that it was read from.
    """

    id: str
    reading: FusedReading
    first_seen_s: float
    last_seen_s: float
    frames: int
    direction: Direction
    best: BestFrame
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class PassEvent:
    """`new` once a pass is sure enough, `update` when its reading gets better, `end` when it is
    over. `at_s` is the time of the frame that told."""

    kind: EventKind
    at_s: float
    passing: Pass


@dataclass(frozen=True, slots=True)
class Progress:
    """A frame was read: of which time, and what was found.

    `passes` are those of the detector, `unread` the plates that were followed, are gone since the
    last frame, and had no reading that could be told.
    """

    at_s: float
    plates: int
    timings_ms: dict[str, float]
    passes: int = 1
    unread: int = 0


def direction(first: Box, last: Box) -> Direction:
    """From the first and the last box of a plate."""
    right = (last.x1 + last.x2 - first.x1 - first.x2) / 2
    down = (last.y1 + last.y2 - first.y1 - first.y2) / 2
    moved = math.hypot(right, down) >= STANDS * (first.height + last.height) / 2
    degrees = round(math.degrees(math.atan2(down, right)) % 360, 1) if moved else None
    growth = last.height / max(first.height, 1)
    motion: Nearing = "steady"
    if growth >= GROWS:
        motion = "nearing"
    elif growth <= 1 / GROWS:
        motion = "leaving"
    return Direction(degrees, motion)

"""The values that flow through the pipeline."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.nz.decoder import Reading
from app.vision.decision import Witnesses

Frame: TypeAlias = NDArray[np.uint8]
"""A picture, (height, width, 3) uint8, colours in the order blue, green, red."""


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-parallel box in pixels of the frame; x2 and y2 are exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def aspect(self) -> float:
        """Width over height; 0 for a box without height."""
        return self.width / self.height if self.height > 0 else 0.0

    @property
    def area(self) -> int:
        return self.width * self.height

    def shared_area(self, other: "Box") -> int:
        across = min(self.x2, other.x2) - max(self.x1, other.x1)
        down = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(0, across) * max(0, down)

    def iou(self, other: "Box") -> float:
        """Intersection over union; 0 where both are empty."""
        common = self.shared_area(other)
        return common / ((self.area + other.area - common) or 1)

    def moved(self, right: int, down: int) -> "Box":
        return Box(self.x1 + right, self.y1 + down, self.x2 + right, self.y2 + down)

    def scaled(self, factor: float) -> "Box":
        """In a picture that is so many times as large, to the nearest pixel."""
        return Box(*(round(side * factor) for side in (self.x1, self.y1, self.x2, self.y2)))

    def enlarged(self, across: float, down: float) -> "Box":
        """With a share of its width added left and right, and of its height above and below."""
        wide, high = round(self.width * across), round(self.height * down)
        return Box(self.x1 - wide, self.y1 - high, self.x2 + wide, self.y2 + high)

    def clipped(self, width: int, height: int) -> "Box":
        """The part inside a frame of that size; it may be empty."""
        x1, y1 = min(max(self.x1, 0), width), min(max(self.y1, 0), height)
        return Box(x1, y1, max(min(self.x2, width), x1), max(min(self.y2, height), y1))

    def crop(self, frame: Frame) -> Frame:
        """View of the frame inside the box, which must be clipped to it."""
        return frame[self.y1 : self.y2, self.x1 : self.x2]


@dataclass(frozen=True, slots=True)
class Detection:
    """Where the detector sees a plate, and how sure it is (0 to 1)."""

    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Region:
    """Country or region the OCR believes the plate to be from."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Characters:
    """What the OCR read off one crop, before any knowledge of formats.

    `probabilities` is (slots, alphabet) float32, each row a distribution over the alphabet with its
    padding character; `text` is the most likely character of each slot without padding, with as
    many `confidences`. `gap` says that there was padding between two of them: the OCR saw room for
    a character there and none in it.
    """

    text: str
    confidences: tuple[float, ...]
    probabilities: NDArray[np.float32]
    region: Region | None
    gap: bool = False

    @property
    def confidence(self) -> float:
        """Geometric mean of the characters' probabilities, padding slots left out; 0 if empty.

        Unlike the product it does not fall with the length of the plate, and unlike the arithmetic
        mean one doubtful character pulls it down.
        """
        if not self.confidences:
            return 0.0
        logs = np.log(np.maximum(self.confidences, 1e-12))
        return float(np.exp(logs.mean()))

    @property
    def least(self) -> float:
        """How sure the least sure slot is, padding slots included."""
        return float(self.probabilities.max(axis=1).min())


@dataclass(frozen=True, slots=True)
class Looks:
    """What was read off a plate: at first, and where that left doubt, with a margin around it."""

    first: Characters
    wider: Characters | None

    @property
    def decoded(self) -> Characters:
        """The look that the decoder takes the plate from."""
        return self.wider or self.first


@dataclass(frozen=True, slots=True)
class Certainty:
    """How probable it is that there is a plate, and that its text, as corrected, is right.

    `witnesses` are what both were weighed by; None where nothing was weighed, then they are the
    detector's score and the OCR's confidence.
    """

    plate: float
    text: float
    witnesses: Witnesses | None = None


@dataclass(frozen=True, slots=True)
class Plate:
    """One plate of a frame: where it is, what was read, what that means in New Zealand.

    `cut` says that the frame ends before the plate does. `picture` is a JPEG of the plate, upright,
    where one was asked for.
    """

    detection: Detection
    looks: Looks
    reading: Reading
    sure: Certainty
    cut: bool = False
    picture: bytes | None = None

    @property
    def characters(self) -> Characters:
        """The reading that the service answers."""
        return self.looks.first


Reason = Literal["region", "mask", "min_height", "format"]
"""Why a plate is none of those that were asked for."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A plate that was not asked for; `reading` is None where that was clear before reading it."""

    detection: Detection
    reason: Reason
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """All plates of one frame, best reading first; boxes are in pixels of the frame as it came.

    `rejected` counts detections dropped by reason, those in `excluded` among them; `timings_ms` the
    milliseconds spent by stage; `passes` the runs of the detector, `skipped_passes` those the
    deadline left no time for; `rotation` the degrees the frame was turned clockwise to be read;
    `damaged` says that part of the file was lost, plates perhaps with it; `unread` are plates that
    redaction would cover beyond those that were read, where that was asked for.
    """

    plates: tuple[Plate, ...]
    width: int
    height: int
    rejected: dict[str, int]
    timings_ms: dict[str, float]
    passes: int = 1
    skipped_passes: int = 0
    excluded: tuple[Excluded, ...] = ()
    rotation: int = 0
    damaged: bool = False
    unread: tuple[Detection, ...] = ()

    def enlarged(self, scale: int, width: int, height: int) -> "FrameResult":
        """The same in pixels of a picture of that size, of which the frame is 1/`scale`."""
        if scale == 1:
            return self

        def place(found: Detection) -> Detection:
            return replace(found, box=found.box.scaled(scale).clipped(width, height))

        plates = (replace(plate, detection=place(plate.detection)) for plate in self.plates)
        excluded = (replace(plate, detection=place(plate.detection)) for plate in self.excluded)
        return replace(
            self,
            plates=tuple(plates),
            excluded=tuple(excluded),
            unread=tuple(place(plate) for plate in self.unread),
            width=width,
            height=height,
        )

    @property
    def best(self) -> Plate | None:
        """The plate that is surest to be one."""
        return max(self.plates, key=lambda plate: plate.sure.plate, default=None)

"""The bodies of answers about videos."""

import base64
from dataclasses import asdict
from typing import Literal

from pydantic import BaseModel, Field

from app.api.errors import ErrorBody
from app.api.schemas.pictures import (
    BoxBody,
    CandidateBody,
    ModelBody,
    ValidationBody,
    candidate_bodies,
)
from app.video.passes import BestFrame, EventKind, Pass
from app.vision.images.crops import plate_jpeg


class DirectionBody(BaseModel):
    degrees: float | None = Field(
        description="In the picture: 0 to the right, 90 down; null for a standing vehicle."
    )
    motion: Literal["nearing", "leaving", "steady"]


class BestFrameBody(BaseModel):
    at_s: float
    bbox: BoxBody
    confidence: float
    plate_confidence: float
    text_confidence: float
    detection_confidence: float
    crop: str | None = Field(
        description="The plate with a little around it, as JPEG in base64; with `crops`."
    )


class PassBody(BaseModel):
    """A vehicle that passed."""

    id: str
    plate: str = Field(examples=["ABC123"])
    confidence: float = Field(description="Probability of `plate`, from all frames together.")
    validation: ValidationBody
    candidates: list[CandidateBody]
    first_seen_s: float
    last_seen_s: float
    frames: int = Field(description="Frames that its plate was found in.")
    reads: int = Field(description="Those in which it was read.")
    agreeing: int = Field(description="Those in which `plate` was read.")
    raw_reads: dict[str, int] = Field(description="How often each text was read.")
    direction: DirectionBody
    best: BestFrameBody


class VideoBody(BaseModel):
    """`duration_s` and `frames` are what could be decoded, `frames_read` what was looked at."""

    width: int
    height: int
    duration_s: float
    frames: int
    frames_read: int


class VideoPrediction(BaseModel):
    passes: list[PassBody]
    video: VideoBody
    warning: str | None = Field(
        description="Set where the video is damaged or the time ended: `passes` is what there was."
    )
    timings_ms: dict[str, float]
    model: ModelBody
    request_id: str


class EventLine(BaseModel):
    """A pass as it happens."""

    event: EventKind
    at_s: float
    passing: PassBody = Field(serialization_alias="pass")


class ProgressLine(BaseModel):
    event: Literal["progress"] = "progress"
    at_s: float
    duration_s: float = Field(description="Of the video, as its file says; 0 where it does not.")
    frames_read: int
    plates: int


class ResultLine(VideoPrediction):
    """The last line: what would have been the answer without lines."""

    event: Literal["result"] = "result"


class ErrorLine(ErrorBody):
    """The last line where reading failed on the way."""

    event: Literal["error"] = "error"


def pass_body(passing: Pass, *, crops: bool = False) -> PassBody:
    reading = passing.reading
    return PassBody(
        id=passing.id,
        plate=reading.plate,
        confidence=round(reading.confidence, 4),
        validation=ValidationBody(**asdict(reading.validation)),
        candidates=candidate_bodies(reading.candidates),
        first_seen_s=round(passing.first_seen_s, 3),
        last_seen_s=round(passing.last_seen_s, 3),
        frames=passing.frames,
        reads=reading.reads,
        agreeing=reading.agreeing,
        raw_reads=reading.raw_reads,
        direction=DirectionBody(**asdict(passing.direction)),
        best=_best_body(passing.best, crops=crops),
    )


def _best_body(best: BestFrame, *, crops: bool) -> BestFrameBody:
    box = best.box
    crop = plate_jpeg(best.picture, box) if crops else None
    return BestFrameBody(
        at_s=round(best.at_s, 3),
        bbox=BoxBody(x=box.x1, y=box.y1, width=box.width, height=box.height),
        confidence=round(best.plate.characters.confidence, 4),
        plate_confidence=round(best.plate.sure.plate, 4),
        text_confidence=round(best.plate.sure.text, 4),
        detection_confidence=round(best.plate.detection.confidence, 4),
        crop=None if crop is None else base64.b64encode(crop).decode(),
    )

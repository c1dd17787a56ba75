"""The bodies of requests and answers."""

import base64
from collections.abc import Iterable
from dataclasses import asdict
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from app.api.errors import ErrorBody
from app.nz.decoder import Candidate
from app.vision.types import Box, Excluded, FrameResult, Plate, Reason, Region


class UrlRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: HttpUrl = Field(
        description="Address of a picture, http or https.",
        examples=["https://example.com/car.jpg"],
    )


class ValidationBody(BaseModel):
    valid: bool
    normalized: str | None = Field(description="Capitals, without spaces.", examples=["ABC123"])
    format: str | None = Field(description="Series the plate belongs to.", examples=["standard"])
    error: str | None = None
    warning: str | None = None


class BoxBody(BaseModel):
    """Pixels of the picture as decoded, after EXIF rotation and before that of `rotate`."""

    x: int
    y: int
    width: int
    height: int


class RegionBody(BaseModel):
    name: str
    confidence: float


class CandidateBody(BaseModel):
    plate: str
    format: str
    probability: float


class ChangeBody(BaseModel):
    """One edit of the text as read; `position` counts from 0 in it."""

    position: int
    read: str
    corrected: str
    kind: Literal["substitution", "insertion", "deletion"]


class CorrectionBody(BaseModel):
    """What a correction changed, and why."""

    changes: list[ChangeBody]
    format: str
    probability: float
    reason: str


class PlateBody(BaseModel):
    plate: str = Field(description="As read, before any correction.", examples=["ABC123"])
    confidence: float = Field(
        description="Geometric mean of the characters' probabilities, padding left out."
    )
    char_confidences: list[float]
    plate_confidence: float = Field(
        description="How probable it is that there is a plate, by all that is known: the "
        "detector's score, what was read, size and shape. `min_confidence` is compared with it."
    )
    text_confidence: float = Field(
        description="How probable it is, by the same, that the text is right: `corrected_plate` "
        "where there is one, else `plate`. `min_text_confidence` is compared with it."
    )
    detection_confidence: float = Field(description="The detector's score alone.")
    bbox: BoxBody
    cut: bool = Field(
        description="Whether the picture's edge cuts the plate: the text is a part of it then, "
        "with a warning in the validation, and neither corrected nor compared with others."
    )
    crop: str | None = Field(
        description="The plate upright with a little around it, as JPEG in base64; with `crops`."
    )
    region: RegionBody | None
    validation: ValidationBody
    corrected_plate: str | None = Field(
        description="The most probable lawful plate, where it differs and is probable enough."
    )
    correction: CorrectionBody | None = Field(description="Why `corrected_plate` is set.")
    candidates: list[CandidateBody] = Field(
        description="Plates that it may be, most probable first; none a twentieth as probable as "
        "the best or less."
    )


class RejectedBody(BaseModel):
    """A plate that the request did not ask for; `plate` only where it was read to tell so."""

    reason: Reason
    plate: str | None
    format: str | None
    detection_confidence: float
    bbox: BoxBody


class ImageBody(BaseModel):
    """The picture as its file has it; boxes are in its pixels.

    `rotation` is what it was turned clockwise by to be read.
    """

    width: int
    height: int
    rotation: Literal[0, 90, 180, 270]
    damaged: bool = Field(
        False,
        description="Part of the file is lost, and plates perhaps with it; the rest was read.",
    )


class TimingsBody(BaseModel):
    """Milliseconds. `total` is the sum of the others."""

    queue: float = 0.0
    decode: float = 0.0
    detect: float = 0.0
    ocr: float = 0.0
    interpret: float = 0.0
    total: float = 0.0


class PassesBody(BaseModel):
    """Runs of the detector; `skipped` are those the deadline left no time for."""

    run: int
    skipped: int


class ModelBody(BaseModel):
    detector: str
    ocr: str


class Prediction(BaseModel):
    plate: str | None = Field(
        description="Reading of the plate of highest `plate_confidence`.", examples=["ABC123"]
    )
    confidence: float = Field(examples=[0.98])
    validation: ValidationBody | None
    corrected_plate: str | None
    plates: list[PlateBody] = Field(description="Every plate, best reading first.")
    rejected: list[RejectedBody] = Field(
        description="Plates that `region`, `masks`, `min_height` or `formats` left out, and why."
    )
    image: ImageBody
    passes: PassesBody
    timings_ms: TimingsBody
    model: ModelBody
    request_id: str


class BatchItem(BaseModel):
    """One file of a batch: either `result` or `error`."""

    filename: str | None
    result: Prediction | None = None
    error: ErrorBody | None = None


class BatchPrediction(BaseModel):
    """As many items as files, in their order."""

    results: list[BatchItem]
    request_id: str


def prediction_body(result: FrameResult, model: ModelBody, request_id: str) -> Prediction:
    best = result.best
    summary = None if best is None else plate_body(best)
    timings = {stage: round(value, 2) for stage, value in result.timings_ms.items()}
    return Prediction(
        plate=summary.plate if summary else None,
        confidence=summary.confidence if summary else 0.0,
        validation=summary.validation if summary else None,
        corrected_plate=summary.corrected_plate if summary else None,
        plates=[plate_body(plate) for plate in result.plates],
        rejected=[_rejected_body(excluded) for excluded in result.excluded],
        image=ImageBody.model_validate(
            {
                "width": result.width,
                "height": result.height,
                "rotation": result.rotation,
                "damaged": result.damaged,
            }
        ),
        passes=PassesBody(run=result.passes, skipped=result.skipped_passes),
        timings_ms=TimingsBody(**timings, total=round(sum(result.timings_ms.values()), 2)),
        model=model,
        request_id=request_id,
    )


def plate_body(plate: Plate) -> PlateBody:
    characters, reading = plate.characters, plate.reading
    return PlateBody(
        plate=characters.text,
        confidence=round(characters.confidence, 4),
        char_confidences=[round(value, 4) for value in characters.confidences],
        plate_confidence=round(plate.sure.plate, 4),
        text_confidence=round(plate.sure.text, 4),
        detection_confidence=round(plate.detection.confidence, 4),
        bbox=_box_body(plate.detection.box),
        cut=plate.cut,
        crop=None if plate.picture is None else base64.b64encode(plate.picture).decode(),
        region=_region_body(characters.region),
        validation=ValidationBody(**asdict(reading.validation)),
        corrected_plate=reading.corrected_plate,
        correction=(
            None
            if reading.correction is None
            else CorrectionBody.model_validate(asdict(reading.correction))
        ),
        candidates=candidate_bodies(reading.candidates),
    )


def candidate_bodies(candidates: Iterable[Candidate]) -> list[CandidateBody]:
    return [
        CandidateBody(
            plate=candidate.plate,
            format=candidate.format,
            probability=round(candidate.probability, 6),
        )
        for candidate in candidates
    ]


def _rejected_body(excluded: Excluded) -> RejectedBody:
    reading = excluded.reading
    return RejectedBody(
        reason=excluded.reason,
        plate=None if reading is None else reading.raw,
        format=None if reading is None else reading.validation.format,
        detection_confidence=round(excluded.detection.confidence, 4),
        bbox=_box_body(excluded.detection.box),
    )


def _box_body(box: Box) -> BoxBody:
    return BoxBody(x=box.x1, y=box.y1, width=box.width, height=box.height)


def _region_body(region: Region | None) -> RegionBody | None:
    if region is None:
        return None
    return RegionBody(name=region.name, confidence=round(region.confidence, 4))

"""What clients of Plate Recognizer Snapshot send, and the bodies they read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.api.compat.forms import Form
from app.api.compat.ranking import (
    Preference,
    Ranked,
    is_lawful,
    lawful_probability,
    ranked_readings,
)
from app.api.compat.usage import Usage
from app.api.errors import describe_validation
from app.errors import InvalidRequest
from app.options import ReadQuery
from app.vision.types import Box, Detection, FrameResult

MAX_CALLS = 1_000_000_000
"""Nothing is sold here, so there is no limit; clients want a number."""

_MAX_FORMATS = 32
_MAX_FORMAT_LENGTH = 200
_REGION = "nz"
_NO_VEHICLE: dict[str, list[Any]] = {"model_make": [], "color": [], "orientation": []}
_NO_BOX = {"xmin": 0, "ymin": 0, "xmax": 0, "ymax": 0}


class EngineConfig(BaseModel):
    """The part of their engine's configuration that has a meaning here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    region: str | None = Field(None, description="`strict`: only lawful New Zealand plates.")
    threshold_d: float | None = Field(None, ge=0, le=1, description="Least detection confidence.")
    threshold_o: float = Field(0, ge=0, le=1, description="Least confidence of a reading.")
    mode: str | None = Field(
        None, description="`redaction`: plates too small to read as well; `fast`: one look."
    )
    text_formats: tuple[str, ...] = Field(
        (), max_length=_MAX_FORMATS, description="Patterns of the plates that are expected."
    )

    def query(self) -> ReadQuery:
        """What it asks of a reading."""
        detail: Literal["low"] | None = "low" if self.mode == "fast" else None
        return ReadQuery(min_confidence=self.threshold_d, detail=detail, crops=False)

    @field_validator("text_formats")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if len(pattern) > _MAX_FORMAT_LENGTH:
                raise ValueError(f"a pattern has more than {_MAX_FORMAT_LENGTH} characters")
            matcher(pattern)
        return patterns


def matcher(pattern: str) -> Any:
    """A pattern compiled by RE2, which matches in linear time whatever the pattern.

    Raises:
        ValueError: the pattern is malformed, or needs what RE2 does not have.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 16  # of the program, and so of the time to compile it
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError("a pattern is no regular expression of RE2's syntax") from error


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The fields of a request beside its picture."""

    camera_id: str | None
    timestamp: str | None
    config: EngineConfig
    wants_vehicles: bool = False


def snapshot_request(form: Form) -> SnapshotRequest:
    """Raises InvalidRequest for a timestamp or config that cannot be understood."""
    timestamp = form.text("timestamp")
    try:
        if timestamp is not None:
            datetime.fromisoformat(timestamp)
        config = EngineConfig.model_validate_json(form.text("config") or "{}")
    except ValidationError as error:
        raise InvalidRequest(f"config: {describe_validation(error.errors())}") from error
    except ValueError as error:
        raise InvalidRequest("timestamp is no ISO 8601 date and time.") from error
    wants_vehicles = (form.text("mmc") or "").lower() in ("true", "1", "yes", "on")
    return SnapshotRequest(form.text("camera_id"), timestamp, config, wants_vehicles)


def snapshot_results(
    result: FrameResult, asked: SnapshotRequest, prefer: Preference
) -> list[dict[str, Any]]:
    """The plates of a picture, those last that could be found but not read."""
    config = asked.config
    results: list[dict[str, Any]] = []
    for plate in result.plates:
        readings = _expected_first(ranked_readings(plate, prefer), config.text_formats)
        lawful = config.region != "strict" or is_lawful(plate, prefer)
        if lawful and readings[0].score >= config.threshold_o:
            surest = Detection(plate.detection.box, plate.sure.plate)
            results.append(_body(surest, readings, lawful_probability(plate)))
    results += [_body(detection, [Ranked("", 0.0)], 0.0) for detection in result.unread]
    return [{**body, **_NO_VEHICLE} for body in results] if asked.wants_vehicles else results


def _expected_first(readings: tuple[Ranked, ...], formats: Sequence[str]) -> tuple[Ranked, ...]:
    """The readings with the best one of an expected format in front, where there is one."""
    expected = [matcher(pattern) for pattern in formats]
    for reading in readings:
        if any(pattern.fullmatch(reading.text) for pattern in expected):
            return (reading, *(other for other in readings if other is not reading))
    return readings


def _body(detection: Detection, readings: Sequence[Ranked], region: float) -> dict[str, Any]:
    """`region` is the probability that the plate is one of New Zealand's."""
    candidates = [
        {"score": round(reading.score, 3), "plate": reading.text.lower()} for reading in readings
    ]
    return {
        "box": box_body(detection.box),
        **candidates[0],
        "dscore": round(detection.confidence, 3),
        "region": {"code": _REGION, "score": round(region, 3)},
        "candidates": candidates,
        "vehicle": {"score": 0.0, "type": "", "box": _NO_BOX},
    }


def box_body(box: Box) -> dict[str, int]:
    return {"xmin": box.x1, "ymin": box.y1, "xmax": box.x2, "ymax": box.y2}


def usage_body(usage: Usage) -> dict[str, int]:
    return {"calls": usage.calls, "max_calls": MAX_CALLS}


def statistics_body(usage: Usage) -> dict[str, Any]:
    return {
        "usage": {
            "month": usage.month.month,
            "calls": usage.calls,
            "year": usage.month.year,
            "resets_on": iso(usage.resets_on),
            "max_calls": MAX_CALLS,
        },
        "total_calls": MAX_CALLS,  # what the licence allows: clients subtract `calls` from it
    }


def iso(moment: datetime, timespec: Literal["seconds", "microseconds"] = "seconds") -> str:
    """A moment of UTC as their servers write it."""
    return moment.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"

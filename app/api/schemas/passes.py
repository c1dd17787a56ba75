"""The bodies of requests and answers about passes that were kept."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from app.api.schemas.matches import MatchBody
from app.api.schemas.pictures import BoxBody, CandidateBody, ValidationBody
from app.api.schemas.videos import DirectionBody
from app.names import without_nul
from app.options import Probability
from app.passes.records import CAMERA_LENGTH, PassSource
from app.passes.store.audit import AuditLine
from app.passes.store.cells import as_cell
from app.passes.store.searching import Match, Page, PassFilter, StoredPass

MAX_PAGE = 500
_COLUMNS = (
    *("id", "at", "last_at", "source", "camera", "plate", "plate_hash", "format", "confidence"),
    *("corrected_plate", "corrected_by"),
    *("frames", "reads", "agreeing", "degrees", "motion", "lists"),
)


Name = Annotated[str, Field(max_length=CAMERA_LENGTH), AfterValidator(without_nul)]


class FilterQuery(BaseModel):
    """Which passes; nothing for all."""

    model_config = ConfigDict(extra="forbid")

    plate: str | None = Field(
        None,
        max_length=40,
        description="Spaces, hyphens and case do not matter, and O is 0.",
        examples=["ABC123"],
    )
    match: Match = Field(
        "exact",
        description="`prefix`: what the plate begins with; `wildcard`: * for any characters, ? for "
        "one; `fuzzy`: passes that may show the plate, however they were read, most probable "
        "first.",
    )
    camera: list[Name] = Field([], max_length=100, description="Any of these.")
    since: AwareDatetime | None = Field(None, description="First moment, with a time zone.")
    until: AwareDatetime | None = Field(None, description="Moment before which they began.")
    format: list[Name] = Field([], max_length=20, description="Any of these.")
    min_confidence: Probability | None = Field(None, description="Of the plate as it was read.")
    list_name: Name | None = Field(
        None, alias="list", description="Passes that matched this list when they were kept."
    )
    corrected: bool | None = Field(None, description="Only passes that a person corrected, or not.")

    def wanted(self, *, min_probability: float = 0.0) -> PassFilter:
        return PassFilter(
            plate=self.plate,
            match=self.match,
            cameras=tuple(self.camera),
            since=self.since,
            until=self.until,
            formats=tuple(self.format),
            min_confidence=self.min_confidence,
            min_probability=min_probability,
            list=self.list_name,
            corrected=self.corrected,
        )


class SearchQuery(FilterQuery):
    min_probability: Probability = Field(
        0.01, description="Of `fuzzy`: lowest probability that the pass shows the plate."
    )
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Passes of a page.")
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before.")


class ExportQuery(FilterQuery):
    match: Literal["exact", "prefix", "wildcard"] = "exact"
    form: Literal["csv", "jsonl", "labelled"] = Field(
        "csv",
        description="`labelled`: a ZIP with the pictures of corrected passes and a `labels.csv`, a "
        "data set for `python -m app evaluate`.",
    )


class PageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(None, max_length=200)


class CorrectionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plate: str = Field(
        min_length=1, max_length=40, description="What the plate is.", examples=["ABC124"]
    )


class CorrectionBody(BaseModel):
    """What a person says that the plate is."""

    plate: str
    by: str = Field(description="Name of their key.")
    at: datetime


class StoredPassBody(BaseModel):
    """A pass as it was kept. Where only hashes are, there is `plate_hash` instead of `plate`."""

    id: str
    source: PassSource
    camera: str | None
    at: datetime = Field(description="Of its first frame.")
    last_at: datetime
    plate: str | None
    plate_hash: str | None
    format: str | None
    confidence: float = Field(description="Probability of `plate`.")
    probability: float | None = Field(
        description="That it shows the plate of a fuzzy search; null for others."
    )
    correction: CorrectionBody | None = Field(description="Beside the reading, which stays.")
    validation: ValidationBody | None
    candidates: list[CandidateBody]
    matches: list[MatchBody] = Field(description="Lists that it is on.")
    frames: int
    reads: int
    agreeing: int
    raw_reads: dict[str, int]
    direction: DirectionBody | None
    bbox: BoxBody | None
    detection_confidence: float
    request_id: str | None
    crop: str | None = Field(description="Where the picture of the plate is.")
    frame: str | None = Field(description="Where the whole picture is.")


class PassPage(BaseModel):
    passes: list[StoredPassBody]
    next: str | None = Field(description="`cursor` of the next page; null at the last one.")


class AuditBody(BaseModel):
    """`who` is `key-` and the first digits of the key's SHA-256."""

    at: datetime
    who: str
    action: str
    plate: str | None
    detail: dict[str, object]
    results: int


class AuditPage(BaseModel):
    lines: list[AuditBody]
    next: str | None


class ErasedBody(BaseModel):
    erased: int


def pass_page(page: Page) -> PassPage:
    return PassPage(passes=[stored_body(each) for each in page.passes], next=page.cursor)


def stored_body(kept: StoredPass) -> StoredPassBody:
    detail = kept.detail
    return StoredPassBody.model_validate(
        {
            "id": kept.id,
            "source": kept.source,
            "camera": kept.camera,
            "at": kept.at,
            "last_at": kept.last_at,
            "plate": kept.plate,
            "plate_hash": kept.plate_hash,
            "format": kept.format,
            "confidence": round(kept.confidence, 4),
            "probability": None if kept.probability is None else round(kept.probability, 6),
            "correction": kept.correction and asdict(kept.correction),
            "validation": detail.get("validation"),
            "candidates": detail["candidates"],
            "matches": detail.get("matches", ()),
            "frames": detail["frames"],
            "reads": detail["reads"],
            "agreeing": detail["agreeing"],
            "raw_reads": detail.get("raw_reads", {}),
            "direction": detail.get("direction"),
            "bbox": detail.get("bbox"),
            "detection_confidence": detail["detection_confidence"],
            "request_id": detail.get("request_id"),
            "crop": kept.crop and f"/passes/{kept.id}/crop",
            "frame": kept.frame and f"/passes/{kept.id}/frame",
        }
    )


def audit_page(lines: list[AuditLine], following: str | None) -> AuditPage:
    return AuditPage(
        lines=[
            AuditBody(
                at=line.at,
                who=line.who,
                action=line.action,
                plate=line.plate,
                detail=line.detail,
                results=line.results,
            )
            for line in lines
        ],
        next=following,
    )


def csv_head() -> str:
    return _csv([_COLUMNS])


def csv_lines(passes: Iterable[StoredPass]) -> str:
    """A row each; what spreadsheets would take for a formula is text."""
    rows = []
    for kept in passes:
        body = stored_body(kept)
        direction = body.direction or DirectionBody(degrees=None, motion="steady")
        values = body.model_dump(mode="json") | direction.model_dump()
        values["corrected_plate"] = body.correction.plate if body.correction else None
        values["corrected_by"] = body.correction.by if body.correction else None
        values["lists"] = "; ".join(match.list for match in body.matches)
        rows.append([as_cell(values[name]) for name in _COLUMNS])
    return _csv(rows)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()

"""What a list is, and what it says of a plate."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidRequest
from app.names import NAME
from app.nz.validation import normalize
from app.options import Probability
from app.passes.lists.hours import WeeklyHours, time_zone, weekly_hours
from app.passes.records import CAMERA_LENGTH, ListKind
from app.passes.store.texts import asked_plate

MAX_LISTS: Final = 100
MAX_ENTRIES: Final = 20_000
"""Of one list."""
OWNER_LENGTH: Final = 200
NOTES_LENGTH: Final = 2000
MAX_CAMERAS: Final = 50
ZONE: Final = "Pacific/Auckland"
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


def _plate(text: str) -> str:
    try:
        asked_plate(text)
    except InvalidRequest as error:
        raise ValueError(str(error)) from error
    return normalize(text)  # O as 0 is for comparing: a list keeps what was written


def _printable(text: str) -> str:
    if not all(c.isprintable() or c in "\n\t" for c in text):
        raise ValueError("there are characters in it that cannot be printed")
    return text.strip()


def _hours(text: str) -> str:
    WeeklyHours.parse(text)
    return " ".join(text.lower().split())


def _zone(text: str) -> str:
    time_zone(text)
    return text


def _name(text: str) -> str:
    if NAME.fullmatch(text) is None:
        raise ValueError("names are letters, digits and . _ -")
    return text


def _of_this_age(moment: datetime) -> datetime:
    if not _FIRST <= moment <= _LAST:
        raise ValueError(f"write a moment between {_FIRST.year} and {_LAST.year}")
    return moment.astimezone(UTC)


Text = Annotated[str, AfterValidator(_printable)]
ListName = Annotated[str, Field(max_length=64), AfterValidator(_name)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Hours = Annotated[str, AfterValidator(_hours)]
Moment = Annotated[AwareDatetime, AfterValidator(_of_this_age)]
Camera = Annotated[
    str, Field(max_length=CAMERA_LENGTH), AfterValidator(_printable), Field(min_length=1)
]


class ListDraft(BaseModel):
    """What an operator decides of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: ListKind = Field(
        description="`allow` may open gates, `watch` is told of, `ignore` is not even kept."
    )
    description: Text = Field("", max_length=OWNER_LENGTH)
    time_zone: TimeZone = Field(ZONE, description="Of the hours of its entries.")
    min_probability: Probability = Field(
        0.5,
        description="From which a pass that may show a plate of the list is a match; read so "
        "exactly or not.",
    )


class EntryDraft(BaseModel):
    """What an operator says of a plate."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    plate: Annotated[str, Field(max_length=40), AfterValidator(_plate)]
    owner: Text = Field("", max_length=OWNER_LENGTH)
    notes: Text = Field("", max_length=NOTES_LENGTH)
    valid_from: Moment | None = Field(None, description="First moment it counts.")
    valid_until: Moment | None = Field(None, description="Moment it counts no more.")
    hours: Hours = Field(
        "",
        description="Hours of the week, in the list's time zone; empty for always.",
        examples=["mon-fri 07:00-18:30; sat 09:00-12:00"],
    )
    cameras: tuple[Camera, ...] = Field(
        (), max_length=MAX_CAMERAS, description="Where it counts; empty for everywhere."
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until: it ends before it begins")
        return self


@dataclass(frozen=True, slots=True)
class PlateList:
    """`entries` is how many there are."""

    id: int
    name: str
    draft: ListDraft
    created_at: datetime
    entries: int


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    draft: EntryDraft
    changed_at: datetime


Standing = Literal["in_force", "entry_not_valid", "entry_hours", "entry_camera"]


def standing(entry: EntryDraft, zone: str, *, at: datetime, camera: str | None) -> Standing:
    """Whether an entry counts at that moment and camera, or why it does not."""
    begun = entry.valid_from is None or entry.valid_from <= at
    if not begun or (entry.valid_until is not None and entry.valid_until <= at):
        return "entry_not_valid"
    if entry.cameras and camera not in entry.cameras:
        return "entry_camera"
    if not weekly_hours(entry.hours).contains(at, time_zone(zone)):
        return "entry_hours"
    return "in_force"

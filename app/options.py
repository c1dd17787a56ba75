"""What may be asked of a reading: one model for requests, the command line and the settings."""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.nz.series import SERIES
from app.vision.detection.search import Detail
from app.vision.images.enhance import EnhanceMode
from app.vision.pipeline import ReadOptions
from app.vision.rotation import Rotate
from app.vision.selection import Polygon, Selection

MAX_CORNERS = 64
MAX_MASKS = 16
_LONGEST = 2000


def parse_region(text: str) -> Polygon:
    """`x,y` of each corner, all numbers separated by commas or spaces; nothing for no region.

    Raises:
        ValueError: says what is wrong, for people.
    """
    try:
        numbers = [float(part) for part in re.split(r"[\s,]+", text.strip()) if part]
    except ValueError as error:
        raise ValueError("a region is a list of numbers: x,y of each corner") from error
    if not numbers:
        return ()
    if not all(math.isfinite(number) and 0 <= number <= 1 for number in numbers):
        raise ValueError("corners are fractions of the picture's width and height, from 0 to 1")
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    if len(numbers) % 2 or not 3 <= len(corners) <= MAX_CORNERS:
        raise ValueError(f"a region has 3 to {MAX_CORNERS} corners, each with an x and a y")
    if math.isclose(_area(corners), 0, abs_tol=1e-9):
        raise ValueError("the region has no area")
    return corners


def parse_masks(text: str) -> tuple[Polygon, ...]:
    """Polygons as for `parse_region`, separated by semicolons. Raises ValueError."""
    masks = tuple(parse_region(part) for part in text.split(";") if part.strip())
    if len(masks) > MAX_MASKS:
        raise ValueError(f"there are at most {MAX_MASKS} masks")
    return masks


def _area(corners: Polygon) -> float:
    """Shoelace formula; of a region that crosses itself the parts' difference."""
    closed = pairwise([*corners, corners[0]])
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in closed) / 2


def parse_formats(text: str) -> frozenset[str]:
    """Names of formats, separated by commas; nothing for all. Raises ValueError."""
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    known = [entry.name for entry in SERIES]
    if not names <= set(known):
        raise ValueError(f"formats are any of {', '.join(known)}, separated by commas")
    return names


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    """Keeps a text that can be parsed."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


Probability = Annotated[float, Field(ge=0, le=1)]
RegionText = Annotated[str, Field(max_length=_LONGEST), _checked(parse_region)]
MasksText = Annotated[str, Field(max_length=_LONGEST // 2), _checked(parse_masks)]
FormatsText = Annotated[str, Field(max_length=_LONGEST), _checked(parse_formats)]
MinHeight = Annotated[int, Field(ge=0, le=100_000)]


class ReadDefaults(Protocol):
    """The settings that stand in for what is not asked for."""

    @property
    def min_confidence(self) -> float: ...
    @property
    def min_text_confidence(self) -> float: ...
    @property
    def detail(self) -> Detail: ...
    @property
    def enhance(self) -> EnhanceMode: ...
    @property
    def rotate(self) -> Rotate: ...
    @property
    def region(self) -> str: ...
    @property
    def masks(self) -> str: ...
    @property
    def min_height(self) -> int: ...
    @property
    def formats(self) -> str: ...
    @property
    def crops(self) -> bool: ...


class ReadQuery(BaseModel):
    """What a request may choose; anything else in the query is an error."""

    model_config = ConfigDict(extra="forbid")

    min_confidence: Probability | None = Field(
        None,
        description="Lowest `plate_confidence` of a plate that is answered; the service has a "
        "default.",
    )
    min_text_confidence: Probability | None = Field(
        None,
        description="Lowest `text_confidence` of a plate that is answered: for those who act on "
        "the text.",
    )
    detail: Literal["low", "auto", "high"] | None = Field(
        None,
        description="Passes of the detector: one, closer looks where they may pay, or everywhere. "
        "A picture at `high` counts as several against the admission limit.",
    )
    enhance: Literal["off", "auto", "always"] | None = Field(
        None,
        description="Contrast and noise treatment: never, for weak readings, or always.",
    )
    rotate: Literal["0", "90", "180", "270", "auto"] | None = Field(
        None,
        description="Degrees the picture is turned clockwise before it is read. `auto` tries the "
        "others where the picture as sent shows no sure plate of a series, which takes up to four "
        "times as long. Boxes stay in pixels of the picture as sent.",
    )
    region: RegionText | None = Field(
        None,
        description="Polygon; only plates whose centre lies in it are read. x,y of each corner as "
        "fractions of width and height of the picture as sent, 0 to 1 from its upper left corner. "
        "Empty: the whole picture.",
        examples=["0.1,0.4,0.9,0.4,0.9,1,0.1,1"],
    )
    masks: MasksText | None = Field(
        None,
        description="Polygons as for `region`, separated by semicolons: plates whose centre lies "
        "in one are not read, such as the text that a camera writes into its pictures.",
        examples=["0,0,1,0,1,0.1,0,0.1"],
    )
    min_height: MinHeight | None = Field(
        None, description="Lowest plate that is read: height of its box, upright, in pixels."
    )
    formats: FormatsText | None = Field(
        None,
        description="Only plates of these formats, separated by commas: as corrected, else as "
        "read. Empty: all.",
        examples=["standard,pre2001"],
    )
    crops: bool | None = Field(
        None, description="Answer a picture of each plate, too: JPEG, upright, as base64 text."
    )

    def options(self, defaults: ReadDefaults) -> ReadOptions:
        """What was asked for, and the settings for the rest."""
        region = defaults.region if self.region is None else self.region
        formats = defaults.formats if self.formats is None else self.formats
        return ReadOptions(
            min_confidence=(
                defaults.min_confidence if self.min_confidence is None else self.min_confidence
            ),
            min_text_confidence=(
                defaults.min_text_confidence
                if self.min_text_confidence is None
                else self.min_text_confidence
            ),
            enhance=self.enhance or defaults.enhance,
            detail=self.detail or defaults.detail,
            rotate=self.rotate or defaults.rotate,
            selection=Selection(
                parse_region(region),
                defaults.min_height if self.min_height is None else self.min_height,
                parse_formats(formats),
                parse_masks(defaults.masks if self.masks is None else self.masks),
            ),
            crops=defaults.crops if self.crops is None else self.crops,
        )

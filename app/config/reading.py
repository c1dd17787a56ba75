"""Settings: how pictures are read."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from app.nz.formats import is_series_prefix
from app.options import FormatsText, MasksText, MinHeight, Probability, RegionText


class ReadingSettings(BaseSettings):
    """Defaults of what a request may ask for, and what it may not."""

    min_confidence: Probability = Field(
        0.4,
        description="Lowest `plate_confidence` of a plate that is answered; a request may raise or "
        "lower it.",
    )
    min_text_confidence: Probability = Field(
        0.0,
        description="Lowest `text_confidence` of a plate that is answered; a request may raise or "
        "lower it.",
    )
    decision: str | None = Field(
        None,
        description="What makes a box a plate: a `.json` file that weighs the detector's score "
        "with what was read, `generic` for any pair of networks, or `detector` for the detector's "
        "score alone. By default the own pair's file, `generic` for pairs with hub networks, and "
        "`detector` for files named by path.",
    )
    low_confidence: Probability = Field(
        0.75, description="Readings below it count as `low_confidence` in the metrics."
    )
    min_aspect_ratio: float = Field(
        0.6, gt=0, description="Narrowest box, width over height, that may be a plate."
    )
    max_aspect_ratio: float = Field(
        7.5, gt=0, description="Widest box, width over height, that may be a plate."
    )
    small_plate_aspect_ratio: float = Field(
        1.9, gt=0, description="Narrower boxes are motorcycle plates: at most 5 characters."
    )
    padding: Literal["square", "tight"] = Field(
        "tight",
        description="`tight` gives the first look at frames wider than high an input with less "
        "padding, up to a third less work; boxes may then differ by a pixel from fast-alpr's. "
        "`square`, and `detail=low` with either, takes fast-alpr's own input.",
    )
    detail: Literal["low", "auto", "high"] = Field(
        "auto",
        description="Passes of the detector: `low` one, `auto` closer looks at what the first "
        "leaves in doubt, `high` everywhere.",
    )
    slice_confidence: Probability = Field(
        0.5,
        description="Lowest detection confidence in the closer looks, where `ALPR_DECISION` is "
        "`detector`.",
    )
    auto_passes: int = Field(9, gt=0, description="Most passes of one picture at `auto`.")
    high_passes: int = Field(48, gt=0, description="Most passes of one picture at `high`.")
    enhance: Literal["off", "auto", "always"] = Field(
        "off", description="Default treatment of pictures that are hard to read."
    )
    enhance_below: Probability = Field(
        0.75, description="`enhance=auto` looks again at readings less confident than this."
    )
    rotate: Literal["0", "90", "180", "270", "auto"] = Field(
        "0",
        description="Degrees pictures are turned clockwise before they are read, for cameras "
        "mounted sideways or upside down; `auto` tries the others where a picture shows no sure "
        "plate. `/redact` looks at pictures as sent and turned.",
    )
    region: RegionText = Field(
        "",
        description="Polygon in which plates are read: x,y of each corner, as fractions of a "
        "picture's width and height; empty for everywhere. `/redact` covers every plate.",
    )
    masks: MasksText = Field(
        "",
        description="Polygons as for `ALPR_REGION`, separated by semicolons, in which no plate is "
        "read: for text that cameras write into their pictures.",
    )
    min_height: MinHeight = Field(
        0, description="Lowest plate that is read: height of its box in pixels."
    )
    formats: FormatsText = Field(
        "",
        description="Formats of the plates that are answered, separated by commas (`standard`, "
        "`pre2001`, ...); empty for all.",
    )
    crops: bool = Field(False, description="Answer a picture of each plate, too.")
    calibration: str | None = Field(
        None,
        description="How sure the OCR's readings are: a name such as `nz-mobile-vit-v2-ocr`, or a "
        "`.json` file. By default that of the network; for one of your own of another name the "
        "`generic` one, which corrects little.",
    )
    correction_threshold: float = Field(
        0.85,
        ge=0.5,
        le=1,
        description="Posterior from which a lawful reading is offered as correction. A calibration "
        "may ask for more (the generic one for 0.97): the stricter of the two holds.",
    )
    furthest_issued: str = Field(
        "RP", description="Furthest prefix issued in the standard series (January 2026)."
    )

    redact_min_confidence: Probability = Field(
        0.1, description="Lowest detection confidence that is covered by `/redact`."
    )
    redact_margin: float = Field(
        0.1, ge=0, le=1, description="Share of a plate's size covered beyond each of its sides."
    )

    @field_validator("furthest_issued")
    @classmethod
    def _is_prefix(cls, prefix: str) -> str:
        if not is_series_prefix(prefix):
            raise ValueError("give one to three capital letters of the standard series, as in RP")
        return prefix

    @model_validator(mode="after")
    def _some_aspect_ratio(self) -> Self:
        if self.min_aspect_ratio >= self.max_aspect_ratio:
            raise ValueError("ALPR_MIN_ASPECT_RATIO must be below ALPR_MAX_ASPECT_RATIO")
        return self

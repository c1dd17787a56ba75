"""Width of a plate, light, angle and state, told from what each data set says in its own words."""

import re
from collections.abc import Mapping
from typing import Final

from app.lab.evaluation.conditions import CONDITION
from app.lab.evaluation.results import PlateOutcome
from app.nz.formats import format_of

BANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "width": ("under 45 px", "45 to 79 px", "80 px and more"),
    "light": ("day", "glare", "dim", "night", "flat"),
    "angle": ("under 15 deg", "15 to 29 deg", "30 deg and more"),
    "state": ("clean", "dirty or worn", "covered in part"),
}
"""Values of each circumstance, in their order. `flat` light is that of haze."""

_WIDTHS: Final = (45.0, 80.0)
_ANGLES: Final = (15.0, 30.0)
_LIGHTS: Final = {
    "night": {"night", "infrared", "flash"},
    "dim": {"dark"},
    "glare": {"glare", "overexposed"},
    "flat": {"haze", "hazy"},
}
_STATES: Final = {
    "covered in part": {"covered", "hidden", "tape", "bar"},
    "dirty or worn": {"dirt", "dirty", "worn", "dent"},
}
_VIEWS: Final = {
    "30 deg and more": {"extreme", "side"},
    "15 to 29 deg": {"moderate", "oblique"},
    "under 15 deg": {"frontal"},
}
_BAD: Final = {
    *("blur", "motion", "focus", "noise", "rain", "lowres", "small", "compressed"),
    *("shadow", "tilt", "angle", "steep"),
}
"""Words of conditions that are no good ones, beside those of light and state."""
STANDARD: Final = "standard"


def circumstance(plate: PlateOutcome, name: str) -> str:
    """The value of a key of `BANDS` for a plate, empty where the data set does not tell."""
    if name == "width":
        return "" if plate.box is None else _band(name, plate.box[2] - plate.box[0], _WIDTHS)
    given = plate.tags.get(name, "")
    if name == "angle" and re.fullmatch(r"\d+(\.\d+)?", given):
        return _band(name, float(given), _ANGLES)
    if given in BANDS[name]:
        return given
    words = words_of(plate)
    if not words:
        return ""
    if name == "angle":
        return _first(_VIEWS, words, "")
    return _first(_LIGHTS, words, "day") if name == "light" else _first(_STATES, words, "clean")


def is_easy(plate: PlateOutcome) -> bool:
    """Whether it is a plate of the standard series in good conditions: large enough, by even
    daylight, from less than 30 degrees, clean, and with nothing said against its picture."""
    known = None if plate.truth is None else format_of(plate.truth)
    return (
        known is not None
        and known.name == STANDARD
        and circumstance(plate, "width") not in {"", "under 45 px"}
        and circumstance(plate, "light") == "day"
        and circumstance(plate, "state") == "clean"
        and circumstance(plate, "angle") != "30 deg and more"
        and not words_of(plate) & _BAD
    )


def words_of(plate: PlateOutcome) -> set[str]:
    """Words of its conditions, in small letters."""
    return set(re.findall(r"[a-z]+", plate.tags.get(CONDITION, "").lower()))


def _band(name: str, value: float, limits: tuple[float, ...]) -> str:
    return BANDS[name][sum(value >= limit for limit in limits)]


def _first(kinds: Mapping[str, set[str]], words: set[str], otherwise: str) -> str:
    return next((kind for kind, said in kinds.items() if words & said), otherwise)

"""The formats of New Zealand plates, most specific first.

Shape is administrative: in law only the length of the serial is capped, so a text that fits no
series is still lawful as a personalised plate. The formats rank readings, they reject none.

Letters of the current series leave out I, O, V and X; Q is used. The older series do not.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 6
MAX_LENGTH_SMALL: Final = 5
"""Longest personalised serial on a motorcycle, moped or trailer."""

FURTHEST_ISSUED: Final = "RP"
"""Prefix that the standard series had reached. Z prefixes were issued out of order."""
FURTHEST_ISSUED_AS_OF: Final = "January 2026"

SERIES_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUWYZ"
_S: Final = "[A-HJ-NP-UWYZ]"
_LISTS: Final = "public vehicle lists of 2011 and 2023-24"


@dataclass(frozen=True, slots=True)
class PlateFormat:
    """One format: ``pattern`` matches a whole plate in capitals without spaces.

    ``prior`` is the share of the format among plates on the road, ``small_prior`` its share among
    near-square plates (motorcycles, mopeds, trailers, and car plates seen at an angle); each sums
    to 1 over ``FORMATS``. ``since`` and ``until`` are the years of issue, None where not known or
    still issued.
    """

    name: str
    pattern: str
    since: int | None
    until: int | None
    source: str
    prior: float
    small_prior: float

    def matches(self, plate: str) -> bool:
        return re.fullmatch(self.pattern, plate, re.ASCII) is not None


FORMATS: Final = (
    PlateFormat(
        name="standard",
        pattern=rf"{_S}{{3}}[1-9]\d{{0,2}}",
        since=2001,
        until=None,
        source=f"SR 2011/79; NZTA Waka Kotahi, number plates; {_LISTS}",
        prior=0.852,
        small_prior=0.38,
    ),
    PlateFormat(
        name="early_exception",
        pattern=r"AA[IOX][1-9]\d{2}",
        since=2001,
        until=2001,
        source=_LISTS,
        prior=0.0005,
        small_prior=0.0002,
    ),
    PlateFormat(
        name="diplomatic",
        pattern=r"(?:DC|CC|FC)[1-9]\d{0,3}|[1-9]\d{0,2}(?:DCC|CCC|FCC)",
        since=None,
        until=None,
        source="SR 2011/79: diplomatic, consular and other immunity",
        prior=0.001,
        small_prior=0.002,
    ),
    PlateFormat(
        name="ministers",
        pattern=r"CR[1-9]\d{0,3}",
        since=None,
        until=None,
        source="NZTA Waka Kotahi, number plates: Crown cars of ministers",
        prior=0.0005,
        small_prior=0.0003,
    ),
    PlateFormat(
        name="pre2001",
        pattern=r"[A-PR-Z][A-Z][1-9]\d{0,3}",
        since=1964,
        until=2001,
        source=f"SR 1995/136; NZTA Waka Kotahi, number plates; {_LISTS}",
        prior=0.072,
        small_prior=0.035,
    ),
    PlateFormat(
        name="motorcycle",
        pattern=rf"{_S}[1-9]{_S}{{3}}",
        since=2009,
        until=None,
        source=f"SR 2011/79; {_LISTS}",
        prior=0.01,
        small_prior=0.27,
    ),
    PlateFormat(
        name="motorcycle_old",
        pattern=r"[1-9]\d?[A-UW-Z]{3}",
        since=1988,
        until=2009,
        source=f"SR 1995/136: motorcycles and tractors; {_LISTS}",
        prior=0.006,
        small_prior=0.15,
    ),
    PlateFormat(
        name="trailer",
        pattern=(
            rf"{_S}[1-9]\d{{0,2}}{_S}|[1-9]{_S}[1-9]\d{{2}}|[1-9]\d{_S}[1-9]\d"
            rf"|[1-9]\d{{2}}{_S}[1-9]|\d{_S}{{2}}\d{{2}}"
        ),
        since=2002,
        until=None,
        source=f"{_LISTS}; the series of 2014, 2019, 2021 and 2024 by date on Wikipedia",
        prior=0.03,
        small_prior=0.08,
    ),
    PlateFormat(
        name="trade",
        pattern=r"X\d{1,5}|\d{1,5}X",
        since=None,
        until=None,
        source="SR 2011/79: trade plates, without the small vertical year",
        prior=0.003,
        small_prior=0.0025,
    ),
    PlateFormat(
        name="trailer_old",
        pattern=r"\d{1,4}[A-Z]|[A-Z]\d{1,4}|\d{1,3}[A-Z]{2}|\d{1,5}",
        since=None,
        until=2002,
        source=f"SR 1995/136; {_LISTS}",
        prior=0.005,
        small_prior=0.03,
    ),
    PlateFormat(
        name="personalised",
        pattern=r"[A-Z0-9]{1,6}",
        since=1988,
        until=None,
        source="SR 2011/79: one to six characters, at most five on a motorcycle or trailer",
        prior=0.02,
        small_prior=0.05,
    ),
)

PERSONALISED: Final = "personalised"


def format_of(plate: str) -> PlateFormat | None:
    """First format that ``plate`` (capitals and digits, no spaces) fits, None where none does."""
    return next((entry for entry in FORMATS if entry.matches(plate)), None)


def beyond_issued(plate: str, furthest_issued: str) -> bool:
    """Whether a plate of the standard series comes after the prefix ``furthest_issued``."""
    return plate[: len(furthest_issued)] > furthest_issued

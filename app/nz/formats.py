"""Which series a text is a plate of.

Shape is administrative: in law only the length of the serial is capped, so a text that fits no
series is still lawful as a personalised plate. The series rank readings, they reject none.
"""

from typing import Final

from app.nz.forms import SERIES_LETTERS, Series
from app.nz.series import SERIES

MAX_LENGTH: Final = max(len(form) for form in SERIES[-1].forms)

FURTHEST_ISSUED: Final = "RP"
"""Prefix that the standard series had reached. Z prefixes were issued out of order."""
FURTHEST_ISSUED_AS_OF: Final = "January 2026"


def format_of(plate: str) -> Series | None:
    """First series that ``plate`` (capitals and digits, no spaces) fits, None where none does."""
    return next((entry for entry in SERIES if entry.matches(plate)), None)


def is_series_prefix(text: str) -> bool:
    """Whether plates of the standard series may begin with a text of one to three letters."""
    return 1 <= len(text) <= 3 and set(text) <= set(SERIES_LETTERS)


def beyond_issued(plate: str, furthest_issued: str) -> bool:
    """Whether a plate of the standard series comes after the prefix ``furthest_issued``."""
    return plate[: len(furthest_issued)] > furthest_issued

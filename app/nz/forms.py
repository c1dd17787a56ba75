"""What there is to say about a series of plates, and how its plates are written down."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

SERIES_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUWYZ"
"""Letters of the current series: no I, O, V and X. The older series do not leave them out."""

CLASSES: Final = {
    "s": SERIES_LETTERS,
    "l": string.ascii_uppercase,
    "d": string.digits,
    "n": string.digits[1:],
    "a": string.digits + string.ascii_uppercase,
    "c": "BCDFGHJKLMNPRSTVWYZ",
    "v": "AEIOU",
    "e": "IOX",
    "m": string.ascii_uppercase.replace("V", ""),
    "p": string.ascii_uppercase.replace("Q", ""),
    "g": "ABCDEFG",
    "h": "HIJKLMNOPRSTUVWXYZ",
    "i": "DCF",
}
"""A form is written with one letter a character: a lower-case one of these, which stands for any of
its members, or the character itself."""

_BLACK_ON_WHITE: Final[Mapping[str, float]] = {"black_on_white": 1}


@dataclass(frozen=True)
class Series:
    """One row. ``words`` name it for people, ``since`` and ``until`` are the years of issue, None
    where not known or still issued.

    ``forms`` are its plates with their shares. ``prior`` is the share of the series among plates on
    the road, ``small_prior`` that among near-square plates (motorcycles, mopeds, trailers, and car
    plates seen at an angle); each sums to 1 over all series. ``small_length`` is the longest serial
    on such a plate where the law caps it.

    How it is drawn: ``small`` is the share of its plates that are near square, ``schemes`` has the
    colours by name; up to the prefix ``silver_until`` most are silver on black. ``drawn`` are
    templates like ``forms``, where plates do not look like any text of them.
    """

    name: str
    words: str
    since: int | None
    until: int | None
    source: str
    forms: Mapping[str, float]
    prior: float
    small_prior: float
    small_length: int | None = None
    small: float = 0.0
    schemes: Mapping[str, float] = field(default_factory=lambda: _BLACK_ON_WHITE)
    silver_until: str | None = None
    drawn: Mapping[str, float] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of a whole plate in capitals without spaces."""
        forms = (
            "".join(f"[{CLASSES[letter]}]" if letter in CLASSES else letter for letter in form)
            for form in self.forms
        )
        return re.compile("|".join(forms), re.ASCII)

    def matches(self, plate: str) -> bool:
        return self.pattern.fullmatch(plate) is not None

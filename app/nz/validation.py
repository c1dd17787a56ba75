"""Whether a text can be a New Zealand plate, and of which format."""

import re
from dataclasses import dataclass

from app.nz.formats import (
    FURTHEST_ISSUED,
    FURTHEST_ISSUED_AS_OF,
    MAX_LENGTH,
    beyond_issued,
    format_of,
)


@dataclass(frozen=True, slots=True)
class Validation:
    """``format`` is None and ``error`` says why where ``valid`` is false.

    ``normalized`` is the text in capitals without spaces and hyphens. ``warning`` says why a text
    deserves a second look, lawful or not.
    """

    valid: bool
    normalized: str
    format: str | None
    error: str | None
    warning: str | None


def normalize(text: str) -> str:
    """``text`` in capitals, without white space and hyphens; O and 0 stay distinct."""
    stripped = re.sub(r"[\s-]", "", text)
    return stripped.upper() if stripped.isascii() else stripped


def validate(
    text: str | None,
    *,
    furthest_issued: str = FURTHEST_ISSUED,
    small_plate: bool = False,
    warning: str | None = None,
) -> Validation:
    """Check ``text`` against the formats; ``small_plate`` says that the box is near square.

    A standard plate beyond the prefix ``furthest_issued`` is flagged, not rejected. ``warning`` is
    what is known from the picture against the text, and comes before what the text itself tells.
    """
    plate = normalize(text or "")
    found = format_of(plate)
    if found is None:
        return Validation(False, plate, None, _fault(plate), warning)
    longest = found.small_length if small_plate else None
    if longest is not None and len(plate) > longest:
        error = (
            f"a {found.name} plate on a motorcycle, moped or trailer has at most "
            f"{longest} characters, this one has {len(plate)}"
        )
        return Validation(False, plate, None, error, warning)
    if found.name == "standard" and beyond_issued(plate, furthest_issued):
        dated = f" ({FURTHEST_ISSUED_AS_OF})" if furthest_issued == FURTHEST_ISSUED else ""
        beyond = f"prefix {plate[:3]} is beyond {furthest_issued}, the furthest known issued{dated}"
        warning = f"{warning}; {beyond}" if warning else beyond
    return Validation(True, plate, found.name, None, warning)


def _fault(plate: str) -> str:
    if not plate:
        return f"empty: a plate has 1 to {MAX_LENGTH} characters"
    if re.fullmatch(r"[A-Z0-9]+", plate):
        return f"a plate has at most {MAX_LENGTH} characters, this text has {len(plate)}"
    return "a plate has only the letters A-Z and the digits 0-9"

"""Names that operators give: of keys, cameras, lists and gates."""

import re
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""They are part of addresses, labels and lines of the audit."""


def without_nul(text: str) -> str:
    """A name from outside as databases take it. Raises ValueError."""
    if "\0" in text:
        raise ValueError("names have no NUL in them")
    return text

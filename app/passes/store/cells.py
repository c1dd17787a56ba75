"""Texts in the cells of tables, where spreadsheets would take some for formulas."""

import csv
import io
from collections.abc import Iterable
from typing import Final

_GUARD: Final = "'"
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What they begin with, wide characters included."""


def as_cell(value: object) -> object:
    """For a table: what a spreadsheet would take for a formula is text."""
    return f"{_GUARD}{value}" if isinstance(value, str) and _looks_guarded(value) else value


def from_cell(text: str) -> str:
    """The text of which `as_cell` made this."""
    bare = text.removeprefix(_GUARD)
    return bare if _looks_guarded(bare) else text


def _looks_guarded(text: str) -> bool:
    """With apostrophes before it, too: one of them would be taken for ours."""
    return text.lstrip(_GUARD).startswith(_FORMULAS)


def line(cells: Iterable[object], delimiter: str = ",") -> str:
    """Cells as a line of a table, with its end."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerow(cells)
    return text.getvalue()

"""The same figures for every condition, severity, source, format."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.lab.evaluation.conditions import tag_values
from app.lab.evaluation.figures.accuracy import Accuracy, accuracy
from app.lab.evaluation.figures.circumstances import BANDS, circumstance
from app.lab.evaluation.figures.rates import Rate, share
from app.lab.evaluation.results import PlateOutcome
from app.nz.formats import format_of

COLUMNS: Final = (
    *BANDS,
    "condition",
    "level",
    "severity",
    "readable",
    "source",
    "rows",
    "format",
    "scheme",
    "country",
    "certainty",
)
SEVERITY: Final = "severity"
FORMAT: Final = "format"
NO_FORMAT: Final = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """Plates of one value. `found` counts all of them, `accuracy` those of known text."""

    name: str
    plates: int
    found: Rate
    accuracy: Accuracy


def break_down(
    plates: Sequence[PlateOutcome], columns: Iterable[str] = COLUMNS
) -> dict[str, tuple[Group, ...]]:
    """Groups by column, the largest first, severities and circumstances in their order.

    Columns in which all plates are alike are left out, and so is what is not known of a plate's
    circumstances.
    """
    found: dict[str, tuple[Group, ...]] = {}
    for column in columns:
        groups: dict[str, list[PlateOutcome]] = {}
        for plate in plates:
            for value in values_of(plate, column):
                groups.setdefault(value, []).append(plate)
        if column in BANDS:
            order = [name for name in BANDS[column] if name in groups]
        else:
            order = sorted(groups, key=lambda name: (-len(groups[name]), name))
        if column == SEVERITY:
            order.sort()
        if len(order) > 1:
            found[column] = tuple(_group(name or "(empty)", groups[name]) for name in order)
    return found


def values_of(plate: PlateOutcome, column: str) -> tuple[str, ...]:
    """Values of a column; the circumstances are told from the other labels.

    The format is told from the text where the labels do not name it; a severity in [0, 1] is given
    as its fifth of that range.
    """
    if column in BANDS:
        return (circumstance(plate, column),)
    values = tag_values(plate.tags, column)
    if column == SEVERITY and re.fullmatch(r"[01]\.\d+", values[0]):
        fifth = min(int(5 * float(values[0])), 4)
        return (f"{fifth / 5:.1f}-{(fifth + 1) / 5:.1f}",)
    if column == FORMAT and values == ("",) and plate.truth is not None:
        known = format_of(plate.truth)
        return (known.name if known else NO_FORMAT,)
    return values


def _group(name: str, plates: Sequence[PlateOutcome]) -> Group:
    return Group(
        name,
        len(plates),
        share(plate.read is not None for plate in plates),
        accuracy(plate for plate in plates if plate.truth is not None),
    )

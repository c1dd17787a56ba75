"""Conditions on the columns of a data set, such as `source=openalpr-us`."""

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

CONDITION: Final = "condition"
"""Column that may hold several tags, separated by semicolons."""
SOURCE: Final = "source"
"""Column that may name a picture of the source after a slash."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`column=value` or `column!=value`; of several tags one has to be the value."""

    column: str
    value: str
    negated: bool

    def __str__(self) -> str:
        return f"{self.column}{'!=' if self.negated else '='}{self.value}"

    def holds(self, tags: dict[str, str]) -> bool:
        values = (tags.get(self.column, ""), *tag_values(tags, self.column))
        return (self.value in values) != self.negated


def hold(conditions: Iterable[Condition], tags: dict[str, str]) -> bool:
    """Those on one column with "=" are alternatives, all others must hold together."""
    groups: dict[str, list[Condition]] = {}
    for condition in conditions:
        key = f"not {condition.value}" if condition.negated else ""
        groups.setdefault(f"{condition.column} {key}", []).append(condition)
    return all(any(one.holds(tags) for one in group) for group in groups.values())


def parse_condition(text: str) -> Condition:
    """Raises ValueError for anything but `column=value` and `column!=value`."""
    found = re.fullmatch(r"\s*(\w+)\s*(!?=)\s*(.*?)\s*", text)
    if found is None:
        raise ValueError(f"{text!r} is not COLUMN=VALUE or COLUMN!=VALUE")
    return Condition(found[1], found[3], found[2] == "!=")


def condition_argument(text: str) -> Condition:
    """`parse_condition` as the type of an argument."""
    try:
        return parse_condition(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def tag_values(tags: dict[str, str], column: str) -> tuple[str, ...]:
    """The values of a column: several for conditions, ("",) where it is empty or not there."""
    value = tags.get(column, "")
    if column == SOURCE:
        return (value.partition("/")[0],)
    if column != CONDITION:
        return (value,)
    return tuple(tag.strip() for tag in value.split(";") if tag.strip()) or ("",)

"""What has to change for one short text to become another."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of a read text: ``position`` counts from 0 in it.

    An insertion puts ``corrected`` before ``position`` (``read`` is empty), a deletion drops
    ``read`` (``corrected`` is empty).
    """

    position: int
    read: str
    corrected: str
    kind: Literal["substitution", "insertion", "deletion"]


def changes(read: str, corrected: str) -> tuple[Change, ...]:
    """The fewest edits (Levenshtein), from left to right."""
    rows, columns = len(read), len(corrected)
    # cost[i][j]: edits that turn read[i:] into corrected[j:]
    cost = [[rows - i + columns - j for j in range(columns + 1)] for i in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            cost[i][j] = min(
                cost[i + 1][j + 1] + (read[i] != corrected[j]),
                cost[i + 1][j] + 1,
                cost[i][j + 1] + 1,
            )
    found: list[Change] = []
    i = j = 0
    while i < rows or j < columns:
        if (
            i < rows
            and j < columns
            and cost[i][j] == cost[i + 1][j + 1] + (read[i] != corrected[j])
        ):
            if read[i] != corrected[j]:
                found.append(Change(i, read[i], corrected[j], "substitution"))
            i, j = i + 1, j + 1
        elif i < rows and cost[i][j] == cost[i + 1][j] + 1:
            found.append(Change(i, read[i], "", "deletion"))
            i += 1
        else:
            found.append(Change(i, "", corrected[j], "insertion"))
            j += 1
    return tuple(found)

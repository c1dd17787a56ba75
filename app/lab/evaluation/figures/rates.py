"""Shares with their uncertainty."""

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` is `count` / `total`, None where there is nothing to count.

    `low` and `high` bound it with 95 % confidence: Wilson's score interval (J. Am. Stat. Assoc. 22,
    1927, 209-212), which holds for small totals and for shares near 0 and 1, too.
    """

    count: int
    total: int
    value: float | None
    low: float
    high: float


def rate(count: int, total: int) -> Rate:
    """Raises ValueError unless 0 <= count <= total."""
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no share")
    if total == 0:
        return Rate(0, 0, None, 0.0, 1.0)
    bounds = binomtest(count, total).proportion_ci(0.95, method="wilson")
    return Rate(count, total, count / total, float(bounds.low), float(bounds.high))


def share(flags: Iterable[bool]) -> Rate:
    """How many of the flags are set."""
    values = list(flags)
    return rate(sum(values), len(values))

"""Shares with their uncertainty."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Z95: Final = 1.959963984540054
"""Quantile of the normal distribution for two-sided intervals of 95 %."""


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
    low, high = wilson_interval(count, total)
    return Rate(count, total, count / total, low, high)


def share(flags: Iterable[bool]) -> Rate:
    """How many of the flags are set."""
    values = list(flags)
    return rate(sum(values), len(values))


def wilson_interval(count: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Bounds of the true share after `count` of `total` > 0 trials."""
    observed = count / total
    scale = 1 + z**2 / total
    middle = (observed + z**2 / (2 * total)) / scale
    half = z / scale * math.sqrt(observed * (1 - observed) / total + z**2 / (4 * total**2))
    low = 0.0 if count == 0 else max(middle - half, 0.0)
    high = 1.0 if count == total else min(middle + half, 1.0)
    return low, high

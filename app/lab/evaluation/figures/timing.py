"""Milliseconds by stage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    mean: float
    p50: float
    p99: float


def summarise_timings(timings_ms: Iterable[Mapping[str, float]]) -> dict[str, Timing]:
    """Over all pictures, in the order of the stages, and their sum as "total"."""
    stages: dict[str, list[float]] = {}
    totals: list[float] = []
    for timing in timings_ms:
        if timing:
            totals.append(sum(timing.values()))
        for stage, spent in timing.items():
            stages.setdefault(stage, []).append(spent)
    if totals:
        stages["total"] = totals
    return {
        stage: Timing(
            float(np.mean(spent)), float(np.percentile(spent, 50)), float(np.percentile(spent, 99))
        )
        for stage, spent in stages.items()
    }

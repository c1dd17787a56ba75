"""Whether confidences mean what they say, and where to stop trusting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.figures.rates import Rate, rate

BINS: Final = 10
TARGET_PRECISION: Final = 0.999


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Answers with a confidence in (low, high], the first bin with 0: their mean, and the truth."""

    low: float
    high: float
    mean_confidence: float
    right: Rate


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that hold an answer.

    `expected_error` is the expected calibration error (ECE): the gap between mean confidence and
    share of right answers, weighted by the answers of each bin. `bias` is mean confidence minus
    share of right ones over all, positive for overconfidence. None where there are no answers.
    """

    bins: tuple[ReliabilityBin, ...]
    expected_error: float | None
    bias: float | None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What is left when only answers from `threshold` on are trusted.

    `precision` is the share of right ones among them, `coverage` their number over all plates that
    there were to read.
    """

    threshold: float
    precision: Rate
    coverage: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """One point for each distinct confidence, falling; `chosen` reaches the target precision.

    Among the points that do, it is the one with the most answers; None where no point does.
    """

    points: tuple[OperatingPoint, ...]
    target: float
    chosen: OperatingPoint | None


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> Reliability:
    """Compare confidences (0 to 1) with the truth in bins of equal width."""
    scores, truths = _arrays(confidences, right)
    if not len(scores):
        return Reliability((), None, None)
    number = np.clip(np.ceil(scores * BINS).astype(int) - 1, 0, BINS - 1)
    bins = tuple(
        ReliabilityBin(
            index / BINS,
            (index + 1) / BINS,
            float(scores[number == index].mean()),
            rate(int(truths[number == index].sum()), int((number == index).sum())),
        )
        for index in np.unique(number).tolist()
    )
    gaps = [
        one.right.total * abs(one.mean_confidence - one.right.count / one.right.total)
        for one in bins
    ]
    return Reliability(bins, sum(gaps) / len(scores), float(scores.mean() - truths.mean()))


def risk_coverage(
    confidences: Sequence[float],
    right: Sequence[bool],
    *,
    plates: int,
    target: float = TARGET_PRECISION,
) -> RiskCoverage:
    """Precision at every threshold; `plates` is how many there were to read, found or not."""
    scores, truths = _arrays(confidences, right)
    order = np.argsort(-scores, kind="stable")
    scores, truths = scores[order], truths[order]
    last = np.flatnonzero(np.append(np.diff(scores) != 0, len(scores) > 0))
    kept = np.cumsum(truths)
    points = tuple(
        OperatingPoint(
            float(scores[index]),
            rate(int(kept[index]), index + 1),
            (index + 1) / plates if plates else 0.0,
        )
        for index in last.tolist()
    )
    enough = [point for point in points if (point.precision.value or 0.0) >= target]
    return RiskCoverage(points, target, enough[-1] if enough else None)


def _arrays(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers")
    return np.asarray(confidences, np.float64), np.asarray(right, np.bool_)

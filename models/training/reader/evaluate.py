"""Reading accuracy of a fast-plate-ocr file on crops with known text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.common.crops import Reader

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ReadingMetrics:
    """`exact` is the share of plates read without an error, with its 95 % Wilson interval;
    `confusions` counts (true, read) characters of equally long readings, most frequent first."""

    crops: int
    exact: float
    low: float
    high: float
    confusions: tuple[tuple[str, str, int], ...]


def evaluate(reader: Reader, crops: Sequence[Image], texts: Sequence[str]) -> ReadingMetrics:
    """Read every crop and compare with its text."""
    said = [text for text, _ in reader.read(crops)]
    right = sum(a == b for a, b in zip(said, texts, strict=True))
    low, high = wilson(right, len(texts))
    pairs = Counter(
        pair
        for read, true in zip(said, texts, strict=True)
        if len(read) == len(true)
        for pair in zip(true, read, strict=True)
        if pair[0] != pair[1]
    )
    return ReadingMetrics(
        crops=len(texts),
        exact=right / len(texts),
        low=low,
        high=high,
        confusions=tuple((a, b, n) for (a, b), n in pairs.most_common(8)),
    )


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927)."""
    z = 1.959964
    share, spread = hits / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return float(centre - half), float(centre + half)

"""Choices at random that several drawings make."""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

_T = TypeVar("_T")

CAPTION_WORDS: Final = (
    "NEW ZEALAND LOVE FOREVER FAMILY SURF TEAM RACING AOTEAROA LIVE FREE MY BABY THE BOSS "
    "ADVENTURE KIWI RUGBY BUILDER COUNTRY GIRL BEACH LIFE 4WD CLUB EST 1999 POWERED BY COFFEE"
)


def choose(rng: np.random.Generator, options: Sequence[_T], weights: Sequence[float]) -> _T:
    position = rng.random() * sum(weights)
    return options[min(int(np.searchsorted(np.cumsum(weights), position)), len(options) - 1)]


def phrase(rng: np.random.Generator, vocabulary: str) -> str:
    words = vocabulary.split()
    return " ".join(words[int(i)] for i in rng.integers(len(words), size=int(rng.integers(1, 4))))


def grid(rng: np.random.Generator, low: float, high: float, steps: int) -> float:
    """One of a few even steps, so that letters drawn once serve many plates."""
    return round(low + (high - low) * int(rng.integers(steps)) / (steps - 1), 4)


def coarse(aspect: float) -> float:
    return round(aspect * 50) / 50

"""Ways to make one text of several looks at a plate, to compare with the service's own."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from app.nz.decoder import PlateDecoder
from app.nz.validation import normalize
from app.video.fusion import Look, PlateFusion

BEST: Final = "best frame"
MAJORITY: Final = "majority of strings"
POSITIONS: Final = "vote by position"
LOGARITHMS: Final = "sum of log-probabilities"
OURS: Final = "fusion"


def fuse_all(looks: Sequence[Look], decoder: PlateDecoder) -> dict[str, str]:
    """The text of each way, in the order in which they are shown; `looks` are at least one."""
    ways: dict[str, Callable[[Sequence[Look]], str]] = {
        BEST: best_frame,
        MAJORITY: majority,
        POSITIONS: positions,
        LOGARITHMS: logarithms,
        OURS: lambda all_of_it: fused(all_of_it, decoder),
    }
    return {name: normalize(way(looks)) for name, way in ways.items()}


def best_frame(looks: Sequence[Look]) -> str:
    """What the surest look was answered."""
    return max(looks, key=lambda look: look.confidence).answer


def majority(looks: Sequence[Look]) -> str:
    """The commonest answer, of equally common ones that of the surer looks."""
    votes: defaultdict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for look in looks:
        times, sure = votes[look.answer]
        votes[look.answer] = times + 1, sure + look.confidence
    return max(votes, key=votes.__getitem__)


def positions(looks: Sequence[Look]) -> str:
    """The character with the most confidence at each place, among answers of the commonest
    length."""
    lengths = Counter(len(look.answer) for look in looks)
    length = max(lengths, key=lambda one: (lengths[one], one))
    places: list[Counter[str]] = [Counter() for _ in range(length)]
    for look in looks:
        if len(look.answer) == length:
            for place, character in zip(places, look.answer, strict=True):
                place[character] += look.confidence  # type: ignore[assignment]  # sums, not counts
    return "".join(max(place, key=place.__getitem__) for place in places)


def logarithms(looks: Sequence[Look]) -> str:
    """The likeliest character of each slot, the looks taken as independent and aligned."""
    evidence = looks[0].evidence[0]
    total = np.sum(
        [np.mean([np.log(crop.emissions) for crop in look.evidence], axis=0) for look in looks],
        axis=0,
    )
    text = "".join(evidence.alphabet[column] for column in total.argmax(axis=1).tolist())
    return text.replace(evidence.pad_char, "")


def fused(looks: Sequence[Look], decoder: PlateDecoder) -> str:
    """The service's own way."""
    fusion = PlateFusion(decoder)
    for look in looks:
        fusion.add(look)
    reading = fusion.reading()
    return reading.plate if reading else ""

"""Which pass of the answer is which labelled one."""

from collections.abc import Sequence
from typing import Final

from rapidfuzz.distance import Levenshtein

from app.lab.evaluation.clips.dataset import PassLabel
from app.video.passes import Pass

SLACK_S: Final = 0.5
"""A pass may begin or end so much outside of its label."""
ALIKE: Final = 0.6
"""Similarity of the texts from which a pass is that of the label, misread."""


def assign(labels: Sequence[PassLabel], passes: Sequence[Pass]) -> dict[int, list[int]]:
    """Indices of the passes of each label, by its index; those with the most frames first.

    A pass is of the label that it shares time with and whose text is most like any of its own,
    of equally alike ones that with the most common time. It is of none where no text is alike.
    """
    found: dict[int, list[int]] = {i: [] for i in range(len(labels))}
    for j, passing in enumerate(passes):
        scored = [
            (_alike(label, passing), _common_s(label, passing), -i)
            for i, label in enumerate(labels)
            if _common_s(label, passing) > 0
        ]
        alike, _, index = max(scored, default=(0.0, 0.0, 0))
        if alike >= ALIKE:
            found[-index].append(j)
    for of_label in found.values():
        of_label.sort(key=lambda j: -passes[j].frames)
    return found


def _alike(label: PassLabel, passing: Pass) -> float:
    texts = {passing.reading.plate, *passing.reading.raw_reads}
    return max(Levenshtein.normalized_similarity(label.text, text) for text in texts)


def _common_s(label: PassLabel, passing: Pass) -> float:
    """Seconds that both are in the picture, the slack included."""
    start = max(label.start_s, passing.first_seen_s)
    end = min(label.end_s, passing.last_seen_s)
    return end - start + SLACK_S

"""Which found plate is which labelled one.

Two standards, both one to one and by falling overlap: a plate is *detected* if the boxes overlap
by IoU >= 0.5, as usual for precision and recall, and *found* already if IoU >= 0.3 or the middle of
the found box lies in the labelled one, for then the text that was read is that plate's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rapidfuzz.distance import Levenshtein

BoxF: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

DETECTED_IOU: Final = 0.5
FOUND_IOU: Final = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    """Indices into the labels and the found plates; `iou` is None where texts were matched."""

    label: int
    found: int
    iou: float | None


def iou(a: BoxF, b: BoxF) -> float:
    """Area of the intersection over the area of the union; 0 where both are empty."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (_area(a) + _area(b) - common)


def _area(box: BoxF) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _middle_inside(inner: BoxF, outer: BoxF) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def match_boxes(labels: Sequence[BoxF], found: Sequence[BoxF]) -> list[Match]:
    """Pairs of boxes that count as found, the best overlap first."""
    overlaps = {(i, j): iou(a, b) for i, a in enumerate(labels) for j, b in enumerate(found)}
    pairs = _one_to_one(
        (overlap, i, j)
        for (i, j), overlap in overlaps.items()
        if overlap >= FOUND_IOU or _middle_inside(found[j], labels[i])
    )
    return [Match(i, j, overlaps[i, j]) for i, j in pairs]


def match_texts(labels: Sequence[str], found: Sequence[str]) -> list[Match]:
    """Pairs for labels without a box: the most alike texts first, as long as any are left."""
    pairs = _one_to_one(
        (Levenshtein.normalized_similarity(a, b), i, j)
        for i, a in enumerate(labels)
        for j, b in enumerate(found)
    )
    return [Match(i, j, None) for i, j in pairs]


def _one_to_one(scored: Iterable[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Greedy by falling score; equal scores in the order of the indices."""
    pairs: list[tuple[int, int]] = []
    used_labels: set[int] = set()
    used_found: set[int] = set()
    for _, i, j in sorted(scored, key=lambda entry: (-entry[0], entry[1], entry[2])):
        if i not in used_labels and j not in used_found:
            pairs.append((i, j))
            used_labels.add(i)
            used_found.add(j)
    return pairs

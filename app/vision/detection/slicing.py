"""Sliced inference: windows to look through, and what they saw as one list of plates.

A detector shrinks the frame to its input, and small plates vanish. Looking again through windows of
the frame finds them (the idea: Akyon et al. 2022, "Slicing Aided Hyper Inference", arXiv
2202.06934). Windows are square, since the detector's input is: a wide window would be padded.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.vision.detection.detector import PlateDetector
from app.vision.types import Box, Detection, Frame

OVERLAP = 0.2
"""Share of a window's side by which neighbours overlap: more than a plate that fills a fifth of the
window, and larger plates are found without slicing."""

_ROOMY = 1.25
"""Windows that are so much larger than they need be are better than twice as many: 3:2 counts as
wide."""
_SAME_PLATE_IOU = 0.3
_SAME_PLATE_COVER = 0.6
_BORDER = 0.004


@dataclass(frozen=True, slots=True)
class Sighting:
    """A detection, in pixels of the frame, and the window through which it was seen."""

    detection: Detection
    window: Box


def look_through(
    detector: PlateDetector,
    frame: Frame,
    window: Box,
    min_confidence: float,
    *,
    tight: bool = False,
) -> list[Sighting]:
    """What the detector sees in a window, in pixels of the frame and clipped to it.

    `tight` is as for `PlateDetector.detect`.

    Raises:
        InferenceError: the network failed.
    """
    height, width = frame.shape[:2]
    found: list[Sighting] = []
    inside = np.ascontiguousarray(window.crop(frame))
    for seen in detector.detect(inside, min_confidence, tight=tight):
        box = seen.box.moved(window.x1, window.y1).clipped(width, height)
        found.append(Sighting(Detection(box, seen.confidence), window))
    return found


def grid(width: int, height: int, count: int) -> list[Box]:
    """Overlapping square windows that cover a frame, `count` of them along its longer side."""
    longer, shorter = max(width, height), min(width, height)
    side = longer / (count - OVERLAP * (count - 1))
    across = max(1, math.ceil((shorter - OVERLAP * side) / (side - OVERLAP * side) - 1e-6))
    columns, rows = (count, across) if width >= height else (across, count)
    return [
        Box(left, top, left + min(width, math.ceil(side)), top + min(height, math.ceil(side)))
        for top in _spread(height, side, rows)
        for left in _spread(width, side, columns)
    ]


def halves(width: int, height: int) -> list[Box]:
    """Overlapping windows that cover a frame and show it up to 1.8 times as large: two where it is
    at least half as long again as the other way, as the frames of most cameras are, else four."""
    longer, shorter = max(width, height), min(width, height)
    side = math.ceil(longer / (2 - OVERLAP))
    if shorter > _ROOMY * side:
        return grid(width, height, 2)
    side = max(side, shorter)
    starts = _spread(longer, side, 2)
    if width >= height:
        return [Box(start, 0, start + side, height) for start in starts]
    return [Box(0, start, width, start + side) for start in starts]


def _spread(length: int, side: float, count: int) -> list[int]:
    """Starts of `count` windows, evenly from one end of a side to the other."""
    last = max(0, length - math.ceil(side))
    return [round(last * step / max(1, count - 1)) for step in range(count)]


def windows_around(boxes: Sequence[Box], width: int, height: int, side: int) -> list[Box]:
    """Few square windows of a frame, each box well inside one of them.

    Greedy: the next window is laid around the leftmost box not yet covered, shifted to take in as
    many others as fit.
    """
    side_x, side_y = min(side, width), min(side, height)
    margin = round(side * OVERLAP / 2)
    left = sorted(boxes, key=lambda box: box.x1)
    windows: list[Box] = []
    while left:
        x1, y1, x2, y2 = left[0].x1, left[0].y1, left[0].x2, left[0].y2
        rest: list[Box] = []
        for box in left[1:]:
            around = Box(min(x1, box.x1), min(y1, box.y1), max(x2, box.x2), max(y2, box.y2))
            if around.width + 2 * margin <= side_x and around.height + 2 * margin <= side_y:
                x1, y1, x2, y2 = around.x1, around.y1, around.x2, around.y2
            else:
                rest.append(box)
        start_x = min(max((x1 + x2 - side_x) // 2, 0), width - side_x)
        start_y = min(max((y1 + y2 - side_y) // 2, 0), height - side_y)
        windows.append(Box(start_x, start_y, start_x + side_x, start_y + side_y))
        left = rest
    return windows


def is_cut(sighting: Sighting, width: int, height: int) -> bool:
    """Whether the window's border, where it is not the frame's, may cut the plate."""
    box, window = sighting.detection.box, sighting.window
    near = max(2.0, _BORDER * max(window.width, window.height))
    return (
        (window.x1 > 0 and box.x1 - window.x1 < near)
        or (window.y1 > 0 and box.y1 - window.y1 < near)
        or (window.x2 < width and window.x2 - box.x2 < near)
        or (window.y2 < height and window.y2 - box.y2 < near)
    )


def group_sightings(sightings: Iterable[Sighting]) -> list[list[Sighting]]:
    """Sightings of one plate together, the surest first, in groups by falling confidence."""
    groups: list[list[Sighting]] = []
    for sighting in sorted(sightings, key=lambda seen: -seen.detection.confidence):
        for group in groups:
            if is_same_plate(group[0].detection.box, sighting.detection.box):
                group.append(sighting)
                break
        else:
            groups.append([sighting])
    return groups


def is_same_plate(one: Box, other: Box) -> bool:
    """Whether two boxes overlap so much, or one lies so much in the other, that they are one."""
    common, areas = one.shared_area(other), (one.area, other.area)
    return common > _SAME_PLATE_IOU * (sum(areas) - common) or common > _SAME_PLATE_COVER * min(
        areas
    )

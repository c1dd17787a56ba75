"""Where to look for plates: once over the whole frame, and again where that may pay."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from app.vision.detection.detector import PlateDetector
from app.vision.detection.slicing import (
    OVERLAP,
    Sighting,
    grid,
    group_sightings,
    halves,
    is_cut,
    look_through,
    windows_around,
)
from app.vision.types import Box, Frame

Detail = Literal["low", "auto", "high"]
"""`low`: one pass. `auto`: closer looks at large frames, at what the first leaves in doubt where it
shows a near plate, else at all of it, and at what is in doubt if that shows nothing. `high`:
everywhere, as close as plates can be read."""

REPORTED_CONFIDENCE = 0.1
"""Detections weaker than this are noise, not rejected plates."""

Seen = TypeVar("Seen")


class Spread(Protocol):
    """Like `map`: looks through windows one after the other or side by side."""

    def __call__(
        self, look: Callable[[Box], Seen], windows: Sequence[Box], /
    ) -> Iterable[Seen]: ...


@dataclass(frozen=True, slots=True)
class PlateFilter:
    """The window a detection must fit. Aspect ratio is width over height of its box."""

    min_aspect_ratio: float
    max_aspect_ratio: float
    small_plate_aspect_ratio: float
    """Below it the plate counts as a small one (motorcycle, moped, trailer)."""

    def fault(self, box: Box) -> str | None:
        """Why a clipped box cannot be a plate, or None."""
        if box.width == 0 or box.height == 0:
            return "outside_frame"
        if not self.min_aspect_ratio <= box.aspect <= self.max_aspect_ratio:
            return "aspect_ratio"
        return None


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How far slicing goes; chosen with the evaluation command, see the README.

    Confidences are the detector's. `auto_passes` and `high_passes` bound the passes of one frame.
    """

    slice_confidence: float
    auto_passes: int
    high_passes: int
    candidates: float | None = None
    """Boxes from here on are found, in every look, where somebody judges them afterwards; left out,
    the detector alone decides, by `min_confidence` and `slice_confidence`."""
    sure_confidence: float = 0.4
    """Where boxes are judged afterwards, what the first pass shows from here on is no doubt."""
    doubtful_confidence: float = 0.03
    """The first pass hints at a plate from here on."""
    near_plate: float = 1 / 12
    """A plate at least so wide, in longer sides of the frame, is what the camera looks at: `auto`
    then only looks again at what is in doubt."""
    auto_zoom: float = 3.0
    min_frame: float = 1.7
    """Frames less than this many times as long as the detector's input lose nothing to it."""
    high_window: float = 1.55
    """Longest window of `high`, in sides of the detector's input: a plate of 40 pixels, the least
    that can be read, keeps more than 20."""


@dataclass(frozen=True, slots=True)
class Found:
    """One plate, as seen through one or more windows.

    `boxes` are to be read in this order until one reads well: the whole frame's first where that is
    sure, then the surest. `in_frame` says whether the whole frame shows it at all.
    """

    confidence: float
    boxes: tuple[Box, ...]
    in_frame: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    found: tuple[Found, ...]
    rejected: dict[str, int]
    passes: int
    skipped_passes: int

    @property
    def surest(self) -> float:
        """The highest confidence of what was found; 0 where nothing was."""
        return max((plate.confidence for plate in self.found), default=0.0)

    def or_surer(self, later: "SearchResult") -> "SearchResult":
        """What the surer of two searches of the same scene found, and the work of both.

        Both see the same things, so of each reason the larger count of rejections is kept.
        """
        return SearchResult(
            max(self, later, key=lambda result: result.surest).found,
            dict(Counter(self.rejected) | Counter(later.rejected)),
            self.passes + later.passes,
            self.skipped_passes + later.skipped_passes,
        )


class PlateSearch:
    """Finds the plates of a frame in one pass or several. Thread-safe."""

    def __init__(
        self,
        detector: PlateDetector,
        slice_detector: PlateDetector,
        *,
        plate_filter: PlateFilter,
        limits: SearchLimits,
        spread: Spread = map,
    ) -> None:
        """`slice_detector` runs the further passes, through `spread`."""
        self.detector = detector
        self._slice_detector = slice_detector
        self._filter = plate_filter
        self._limits = limits
        self._spread = spread

    def find(
        self, frame: Frame, *, min_confidence: float, detail: Detail, deadline: float = math.inf
    ) -> SearchResult:
        """Look at a frame.

        Args:
            min_confidence: the least that is found, where the limits name no `candidates`.
            deadline: moment of `time.monotonic`; passes that would begin after it are skipped.

        Raises:
            InferenceError: the network failed.
        """
        height, width = frame.shape[:2]
        whole = Box(0, 0, width, height)
        rejected: Counter[str] = Counter()
        limits = self._limits
        judged = limits.candidates is not None
        least = min_confidence if limits.candidates is None else limits.candidates
        sure = limits.sure_confidence if judged else min_confidence
        floor = min(least, limits.doubtful_confidence)
        found: list[Sighting] = []
        doubtful: list[Box] = []
        # `low` sees what fast-alpr sees; the closer looks make up for what less padding changes.
        tight = detail != "low"
        for seen in look_through(self.detector, frame, whole, floor, tight=tight):
            fault, confidence = self._filter.fault(seen.detection.box), seen.detection.confidence
            if fault is not None:
                rejected[fault] += confidence >= sure
                continue
            if confidence >= least:
                found.append(seen)
            else:
                rejected["confidence"] += confidence >= REPORTED_CONFIDENCE
            if confidence < sure:
                doubtful.append(seen.detection.box)
        strong = [seen for seen in found if seen.detection.confidence >= sure]
        windows = self._windows(whole, strong, doubtful, detail)
        if not windows and not judged:
            return SearchResult(tuple(map(_seen_once, found)), dict(+rejected), 1, 0)

        least_closer = least if judged else max(min_confidence, limits.slice_confidence)

        def look(window: Box) -> list[Sighting] | None:
            if time.monotonic() >= deadline:
                return None
            return look_through(self._slice_detector, frame, window, least_closer)

        looks = list(self._spread(look, windows))
        closer = self._plausible(looks, whole)
        sighted = (seen.detection.confidence >= sure for seen in (*strong, *closer))
        if detail == "auto" and windows and not any(sighted):
            zooms = self._zooms(whole, doubtful)[: limits.auto_passes - 1 - len(windows)]
            looks += self._spread(look, zooms)
            closer = self._plausible(looks, whole)
        passes = 1 + sum(seen_there is not None for seen_there in looks)
        groups = group_sightings([*found, *closer])
        return SearchResult(
            tuple(_together(group, whole, sure) for group in groups),
            dict(+rejected),
            passes,
            1 + len(looks) - passes,
        )

    def _windows(
        self, whole: Box, strong: Sequence[Sighting], doubtful: Sequence[Box], detail: Detail
    ) -> list[Box]:
        """The further passes, those that promise most first."""
        limits, size = self._limits, self.detector.size
        longer = max(whole.width, whole.height)
        if detail == "low" or longer < limits.min_frame * size:
            return []
        if detail == "high":
            return _ladder(whole, limits.high_window * size, limits.high_passes - 1)
        widest = max((seen.detection.box.width for seen in strong), default=0)
        near = widest >= limits.near_plate * longer
        windows = self._zooms(whole, doubtful) if near else halves(whole.width, whole.height)
        return windows[: limits.auto_passes - 1]

    def _plausible(self, looks: Iterable[Sequence[Sighting] | None], whole: Box) -> list[Sighting]:
        """What was seen through windows and may be a whole plate."""
        return [
            seen
            for seen_there in looks
            for seen in seen_there or ()
            if self._filter.fault(seen.detection.box) is None
            and not is_cut(seen, whole.width, whole.height)
        ]

    def _zooms(self, whole: Box, boxes: Sequence[Box]) -> list[Box]:
        side = round(max(whole.width, whole.height) / self._limits.auto_zoom)
        return windows_around(boxes, whole.width, whole.height, side)


def _ladder(whole: Box, side: float, most: int) -> list[Box]:
    """Grids from coarse to fine, each of twice as many windows along the longer side.

    The finest has windows of at most that side, or as fine ones as make `most` windows in all.
    """
    longer = max(whole.width, whole.height)
    for count in range(math.ceil((longer / side - OVERLAP) / (1 - OVERLAP)), 1, -1):
        windows: list[Box] = []
        rung = count
        while rung > 1:
            windows = grid(whole.width, whole.height, rung) + windows
            rung //= 2
        if len(windows) <= most:
            return windows
    return []


def _seen_once(seen: Sighting) -> Found:
    return Found(seen.detection.confidence, (seen.detection.box,), in_frame=True)


def _together(group: Sequence[Sighting], whole: Box, sure: float) -> Found:
    """Several sightings of a plate, the surest first, as one plate."""

    def is_late(seen: Sighting) -> bool:
        return seen.window != whole or seen.detection.confidence < sure

    return Found(
        group[0].detection.confidence,
        tuple(seen.detection.box for seen in sorted(group, key=is_late)),
        in_frame=any(seen.window == whole for seen in group),
    )

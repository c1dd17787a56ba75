"""The search of redaction: everywhere, since a plate that is missed is published."""

from collections.abc import Iterator, Sequence

from app.vision.detection.detector import PlateDetector
from app.vision.detection.slicing import grid, is_same_plate, look_through
from app.vision.rotation import Rotate, Turn, turns
from app.vision.types import Box, Detection, Frame

_COARSE, _FINE = 2, 4
"""Windows along the longer side of a picture, and of one that the detector would shrink more than
`_FINE` times."""


def find_all(
    detector: PlateDetector, frame: Frame, min_confidence: float, *, rotate: Rotate = "0"
) -> tuple[Detection, ...]:
    """Detections in the whole frame, then in windows of it: clipped, several of one plate.

    Of any shape: a plate cut by the frame's border is still a plate. With another `rotate` than "0"
    those in the turned frame follow, in pixels of the frame as it came: rather one plate covered
    that is none than one left open. Raises InferenceError.
    """
    seen = (
        Detection(turn.back(detection.box), detection.confidence)
        for turn in _directions(frame, rotate)
        for detection in _find_upright(detector, turn.frame(frame), min_confidence)
    )
    return tuple(detection for detection in seen if detection.box.width and detection.box.height)


def _directions(frame: Frame, rotate: Rotate) -> tuple[Turn, ...]:
    return (*turns(frame, "0"), *(turn for turn in turns(frame, rotate) if turn.degrees))


def _find_upright(
    detector: PlateDetector, frame: Frame, min_confidence: float
) -> Iterator[Detection]:
    height, width = frame.shape[:2]
    for window in search_windows(width, height, detector.size):
        for sighting in look_through(detector, frame, window, min_confidence):
            yield sighting.detection


def search_windows(width: int, height: int, size: int) -> list[Box]:
    """Where redaction looks: the whole frame, then windows of it."""
    windows = [Box(0, 0, width, height), *grid(width, height, _COARSE)]
    if max(width, height) > _FINE * size:
        windows += grid(width, height, _FINE)
    return windows


def distinct(found: Sequence[Detection]) -> tuple[Detection, ...]:
    """One detection of each plate: the box found first, the highest confidence."""
    kept: list[Detection] = []
    for detection in found:
        for index, known in enumerate(kept):
            if is_same_plate(known.box, detection.box):
                kept[index] = Detection(known.box, max(known.confidence, detection.confidence))
                break
        else:
            kept.append(detection)
    return tuple(kept)


def find_others(
    detector: PlateDetector,
    frame: Frame,
    known: Sequence[Box],
    min_confidence: float,
    *,
    rotate: Rotate = "0",
) -> tuple[Detection, ...]:
    """Plates of a frame that are none of the known ones. Raises InferenceError."""
    return tuple(
        found
        for found in distinct(find_all(detector, frame, min_confidence, rotate=rotate))
        if not any(is_same_plate(found.box, box) for box in known)
    )


def passes_of(detector: PlateDetector, frame: Frame, *, rotate: Rotate = "0") -> int:
    """Runs of the detector that the search of a frame takes."""
    height, width = frame.shape[:2]
    windows = search_windows(width, height, detector.size)
    return len(windows) * len(_directions(frame, rotate))

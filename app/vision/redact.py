"""Pictures that may be published: every plate covered, nothing else changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from app.vision.decode import decode_image
from app.vision.detector import PlateDetector
from app.vision.original import open_original
from app.vision.pipeline import PlatePipeline, Stopwatch
from app.vision.rotation import Rotate, Turn, turns
from app.vision.slicing import grid, is_same_plate, look_through
from app.vision.types import Box, Detection, Frame

Style = Literal["blur", "fill"]

BLUR_GRID = (4, 2)
"""Patches, across and down, that a blurred plate keeps: far fewer than its characters need. A
Gaussian blur can be undone and a finer mosaic compared with all plates (Hill et al. 2016, "On the
(In)effectiveness of Mosaicing and Blurring as Tools for Document Redaction")."""

_COARSE, _FINE = 2, 4
"""Windows along the longer side of a picture, and of one that the detector would shrink more than
`_FINE` times."""


@dataclass(frozen=True, slots=True)
class RedactOptions:
    """`margin` is the share of a box's width and height that is covered beyond each side.

    Where `rotate` is not "0", plates are looked for in the picture turned so, or every way, too.
    """

    min_confidence: float
    margin: float
    style: Style
    rotate: Rotate = "0"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A picture without its plates, of the kind it came in; `plates` are in its pixels.

    `passes` counts the runs of the detector.
    """

    data: bytes
    media_type: str
    plates: tuple[Detection, ...]
    timings_ms: dict[str, float]
    passes: int = 1


def redact(pipeline: PlatePipeline, data: bytes, options: RedactOptions) -> Redaction:
    """Cover every plate of an encoded picture.

    Raises:
        ImageError: the bytes are no single picture within the limits.
        InferenceError: the detector failed.
    """
    watch = Stopwatch()
    with watch.stage("decode"):
        original = open_original(data, max_pixels=pipeline.max_pixels)
    height, width = original.frame.shape[:2]
    windows = search_windows(width, height, pipeline.detector.size)
    directions = len(_directions(original.frame, options.rotate))
    with watch.stage("detect"):
        found = find_all(
            pipeline.detector, original.frame, options.min_confidence, rotate=options.rotate
        )
    with watch.stage("redact"):
        cover(original.pixels, [detection.box for detection in found], options)
        written = original.write()
    return Redaction(
        written,
        original.media_type,
        distinct(found),
        watch.timings_ms,
        passes=len(windows) * directions,
    )


def find_others(
    pipeline: PlatePipeline,
    data: bytes,
    known: Sequence[Box],
    min_confidence: float,
    *,
    rotate: Rotate = "0",
) -> tuple[Detection, ...]:
    """Plates of an encoded picture that are none of the known ones. Raises as `redact`."""
    frame = decode_image(data, max_pixels=pipeline.max_pixels)
    return tuple(
        found
        for found in distinct(find_all(pipeline.detector, frame, min_confidence, rotate=rotate))
        if not any(is_same_plate(found.box, box) for box in known)
    )


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


def cover(pixels: NDArray[Any], boxes: Sequence[Box], options: RedactOptions) -> None:
    """Make the boxes and their margin unreadable, in place.

    `pixels` is (height, width) or (height, width, channels), uint8 or uint16; a fourth channel is
    opacity.
    """
    height, width = pixels.shape[:2]
    for box in boxes:
        wide, high = round(box.width * options.margin), round(box.height * options.margin)
        area = Box(box.x1 - wide, box.y1 - high, box.x2 + wide, box.y2 + high)
        region = area.clipped(width, height).crop(pixels)
        if options.style == "fill":
            region[...] = 0
            if region.ndim == 3 and region.shape[2] == 4:
                region[..., 3] = np.iinfo(region.dtype).max
        else:
            patches = cv2.resize(region, BLUR_GRID, interpolation=cv2.INTER_AREA)
            size = (region.shape[1], region.shape[0])
            region[...] = cv2.resize(patches, size, interpolation=cv2.INTER_LINEAR)

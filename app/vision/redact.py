"""Pictures that may be published: every plate covered, nothing else changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from app.vision.detection.exhaustive import distinct, find_all, passes_of
from app.vision.images.original import open_original
from app.vision.pipeline import PlatePipeline
from app.vision.rotation import Rotate
from app.vision.stopwatch import Stopwatch
from app.vision.types import Box, Detection

Style = Literal["blur", "fill"]

BLUR_GRID = (4, 2)
"""Patches, across and down, that a blurred plate keeps: far fewer than its characters need. A
Gaussian blur can be undone and a finer mosaic compared with all plates (Hill et al. 2016, "On the
(In)effectiveness of Mosaicing and Blurring as Tools for Document Redaction")."""


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

    `passes` counts the runs of the detector. `damaged` says that part of the file was lost, plates
    perhaps with it.
    """

    data: bytes
    media_type: str
    plates: tuple[Detection, ...]
    timings_ms: dict[str, float]
    passes: int = 1
    damaged: bool = False


def redact(pipeline: PlatePipeline, data: bytes, options: RedactOptions) -> Redaction:
    """Cover every plate of an encoded picture.

    Raises:
        ImageError: the bytes are no single picture within the limits.
        InferenceError: the detector failed.
    """
    watch = Stopwatch()
    with watch.stage("decode"):
        original = open_original(data, max_pixels=pipeline.max_pixels)
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
        passes=passes_of(pipeline.detector, original.frame, rotate=options.rotate),
        damaged=original.damaged,
    )


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

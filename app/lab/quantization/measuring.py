"""What INT8 versions cost and lose, beside the network they were made from."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from fast_plate_ocr.inference.config import PlateConfig

from app.lab.evaluation.dataset import Photo
from app.lab.evaluation.matching import DETECTED_IOU, BoxF, match_boxes
from app.lab.evaluation.run import cut
from app.vision.backends.graph import optimize_detector
from app.vision.backends.sessions import open_session
from app.vision.detection.detector import PlateDetector
from app.vision.images.decode import decode_image
from app.vision.recognizer import PlateRecognizer
from app.vision.types import Frame

ORIGINAL = "fp32"
TIMED = 30
"""Inputs timed; versions take turns, so that a change of the machine's pace meets all."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a network. Rates are shares of `of` plates; `milliseconds` on one thread.

    `right` is recall of labelled boxes for a detector and exact texts for an OCR; `agreement` is
    the share of the fp32 network's answers that this version gives, too.
    """

    name: str
    bytes: int
    milliseconds: float
    right: float
    agreement: float
    of: int


def measure_detectors(
    versions: Mapping[str, Path], photos: Sequence[Photo], *, min_confidence: float, max_pixels: int
) -> list[Version]:
    """Compare detectors on labelled photos. Raises ImageError, ModelError, InferenceError."""
    detectors = {
        name: PlateDetector(
            open_session(optimize_detector(path), device="cpu", threads=1),
            min_confidence=min_confidence,
        )
        for name, path in versions.items()
    }
    boxes: dict[str, list[list[BoxF]]] = {name: [] for name in detectors}
    frames = [_frame(photo, max_pixels) for photo in photos]
    for frame in frames:
        for name, detector in detectors.items():
            found = (seen.box for seen in detector.detect(frame))
            boxes[name].append([(box.x1, box.y1, box.x2, box.y2) for box in found])
    labels = [[label.box for label in photo.labels if label.box is not None] for photo in photos]
    times = _times(
        {
            name: [partial(detector.detect, frame) for frame in frames[:TIMED]]
            for name, detector in detectors.items()
        }
    )
    return [
        Version(
            name,
            versions[name].stat().st_size,
            times[name],
            _matched(labels, boxes[name]),
            _matched(boxes[ORIGINAL], boxes[name]),
            sum(map(len, labels)),
        )
        for name in versions
    ]


def measure_recognizers(
    versions: Mapping[str, Path],
    config: PlateConfig,
    photos: Sequence[Photo],
    *,
    max_pixels: int,
) -> list[Version]:
    """Compare OCRs on the labelled plates of photos. Raises ImageError, ModelError."""
    recognizers = {
        name: PlateRecognizer(open_session(path, device="cpu", threads=1), config)
        for name, path in versions.items()
    }
    crops: list[Frame] = []
    truths: list[str] = []
    for photo in photos:
        frame = _frame(photo, max_pixels)
        for label in photo.labels:
            if label.text:
                crops.append(np.ascontiguousarray(cut(frame, label.box)))
                truths.append(label.text)
    texts = {
        name: [recognizer.read([crop])[0].text for crop in crops]
        for name, recognizer in recognizers.items()
    }
    times = _times(
        {
            name: [partial(recognizer.read, [crop]) for crop in crops[:TIMED]]
            for name, recognizer in recognizers.items()
        }
    )
    return [
        Version(
            name,
            versions[name].stat().st_size,
            times[name],
            _share(texts[name], truths),
            _share(texts[name], texts[ORIGINAL]),
            len(crops),
        )
        for name in versions
    ]


def _frame(photo: Photo, max_pixels: int) -> Frame:
    return decode_image(photo.path.read_bytes(), max_pixels=max_pixels)


def _times(work: Mapping[str, Sequence[Callable[[], object]]]) -> dict[str, float]:
    """Median milliseconds of each version's calls, taken in turns."""
    spent: dict[str, list[float]] = {name: [] for name in work}
    for turn in zip(*work.values(), strict=True):
        for name, call in zip(work, turn, strict=True):
            start = time.perf_counter()
            call()
            spent[name].append((time.perf_counter() - start) * 1e3)
    return {name: float(np.median(times)) for name, times in spent.items()}


def _matched(expected: Sequence[Sequence[BoxF]], found: Sequence[Sequence[BoxF]]) -> float:
    """Share of the expected boxes found with at least the overlap of a detection."""
    hits = sum(
        match.iou is not None and match.iou >= DETECTED_IOU
        for wanted, there in zip(expected, found, strict=True)
        for match in match_boxes(wanted, there)
    )
    return hits / max(1, sum(map(len, expected)))


def _share(one: Sequence[str], other: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=True)) / max(1, len(other))

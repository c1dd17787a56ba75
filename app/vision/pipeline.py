"""Frame to plates: detect, filter, read, interpret."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from app.nz.decoder import PlateDecoder
from app.vision.decode import decode_image
from app.vision.detector import PlateDetector
from app.vision.enhance import enhance
from app.vision.recognizer import PlateRecognizer
from app.vision.types import Characters, Detection, Frame, FrameResult, Plate

EnhanceMode = Literal["off", "auto", "always"]
REPORTED_CONFIDENCE = 0.1
"""Detections weaker than this are noise, not rejected plates."""
REJECTIONS = ("confidence", "aspect_ratio", "outside_frame", "unreadable")
"""Why a detection is no plate of the answer."""
STAGES = ("decode", "detect", "ocr", "interpret")


@dataclass(frozen=True, slots=True)
class PlateFilter:
    """The window a detection must fit. Aspect ratio is width over height of its box."""

    min_aspect_ratio: float
    max_aspect_ratio: float
    small_plate_aspect_ratio: float
    """Below it the plate counts as a small one (motorcycle, moped, trailer)."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What one request may choose."""

    min_confidence: float
    enhance: EnhanceMode


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds by stage, each summed over its uses."""

    timings_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1e3
            self.timings_ms[name] = self.timings_ms.get(name, 0.0) + spent


class PlatePipeline:
    """Reads every plate of a picture. Thread-safe: it holds no state between calls."""

    def __init__(
        self,
        detector: PlateDetector,
        recognizer: PlateRecognizer,
        decoder: PlateDecoder,
        *,
        plate_filter: PlateFilter,
        max_pixels: int,
        enhance_below: float,
    ) -> None:
        """`enhance_below`: readings less confident than this get a second look in mode "auto"."""
        self.detector = detector
        self.recognizer = recognizer
        self.decoder = decoder
        self._filter = plate_filter
        self._max_pixels = max_pixels
        self._enhance_below = enhance_below

    def read_bytes(self, data: bytes, options: ReadOptions) -> FrameResult:
        """Read the plates of an encoded picture.

        Raises:
            ImageError: the bytes are no single picture within the limits.
            InferenceError: a network failed.
        """
        watch = Stopwatch()
        with watch.stage("decode"):
            frame = decode_image(data, max_pixels=self._max_pixels)
        return self.read_frame(frame, options, watch)

    def read_frame(
        self, frame: Frame, options: ReadOptions, watch: Stopwatch | None = None
    ) -> FrameResult:
        """Read the plates of a frame, (height, width, 3) uint8 BGR. Raises InferenceError."""
        watch = watch or Stopwatch()
        rejected: Counter[str] = Counter()
        with watch.stage("detect"):
            detections = self._detect(frame, options, rejected)
        with watch.stage("ocr"):
            crops = [detection.box.crop(frame) for detection in detections]
            readings = self._read(crops, options.enhance)
        with watch.stage("interpret"):
            plates = self._interpret(detections, readings, rejected)
        height, width = frame.shape[:2]
        return FrameResult(plates, width, height, dict(rejected), watch.timings_ms)

    def _detect(
        self, frame: Frame, options: ReadOptions, rejected: Counter[str]
    ) -> list[Detection]:
        found = self._plausible(frame, options.min_confidence, rejected)
        if not found and options.enhance == "auto":
            found = self._plausible(enhance(frame), options.min_confidence, rejected)
        return found

    def _plausible(
        self, frame: Frame, min_confidence: float, rejected: Counter[str]
    ) -> list[Detection]:
        """Detections that may be plates, clipped to the frame."""
        height, width = frame.shape[:2]
        window = self._filter
        kept: list[Detection] = []
        for detection in self.detector.detect(frame, min(min_confidence, REPORTED_CONFIDENCE)):
            box = detection.box.clipped(width, height)
            if detection.confidence < min_confidence:
                rejected["confidence"] += 1
            elif box.width == 0 or box.height == 0:
                rejected["outside_frame"] += 1
            elif not window.min_aspect_ratio <= box.aspect <= window.max_aspect_ratio:
                rejected["aspect_ratio"] += 1
            else:
                kept.append(Detection(box, detection.confidence))
        return kept

    def _read(self, crops: Sequence[Frame], mode: EnhanceMode) -> list[Characters]:
        if mode == "always":
            return self.recognizer.read([enhance(crop) for crop in crops])
        readings = self.recognizer.read(crops)
        if mode == "auto":
            weak = [
                index
                for index, reading in enumerate(readings)
                if reading.confidence < self._enhance_below
            ]
            for index, again in zip(
                weak, self.recognizer.read([enhance(crops[i]) for i in weak]), strict=True
            ):
                readings[index] = max(readings[index], again, key=lambda read: read.confidence)
        return readings

    def _interpret(
        self,
        detections: Sequence[Detection],
        readings: Sequence[Characters],
        rejected: Counter[str],
    ) -> tuple[Plate, ...]:
        plates: list[Plate] = []
        for detection, characters in zip(detections, readings, strict=True):
            if not characters.text:
                rejected["unreadable"] += 1
                continue
            small = detection.box.aspect < self._filter.small_plate_aspect_ratio
            reading = self.decoder.decode(characters.probabilities, small_plate=small)
            plates.append(Plate(detection, characters, reading))
        plates.sort(key=lambda plate: plate.characters.confidence, reverse=True)
        return tuple(plates)

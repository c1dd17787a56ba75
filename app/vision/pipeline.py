"""Frame to plates: find, read, interpret."""

import math
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
from app.vision.search import Detail, Found, PlateFilter, PlateSearch, SearchResult
from app.vision.types import Box, Characters, Detection, Frame, FrameResult, Plate

EnhanceMode = Literal["off", "auto", "always"]

READ_WELL = 0.9
"""A reading this confident needs no second look."""
CONVINCING = 0.95
"""A second look replaces a reading only if it is this confident: what the first look read rightly,
if weakly, must not be lost."""
SECOND_LOOK_MARGIN = (0.06, 0.12)
"""Shares of a box's width and height added on each side for a second look; chosen on synthetic
plates."""
SLICE_READING = 0.5
"""What only a window shows, the whole frame not, must read at least this well to be a plate."""
SLICE_CHARACTERS = 2


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What one request may choose."""

    min_confidence: float
    enhance: EnhanceMode
    detail: Detail = "low"


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
        search: PlateSearch,
        recognizer: PlateRecognizer,
        decoder: PlateDecoder,
        *,
        plate_filter: PlateFilter,
        max_pixels: int,
        enhance_below: float,
    ) -> None:
        """`enhance_below`: readings less confident than this get a second look in mode "auto"."""
        self.search = search
        self.recognizer = recognizer
        self.decoder = decoder
        self.max_pixels = max_pixels
        self._filter = plate_filter
        self._enhance_below = enhance_below

    @property
    def detector(self) -> PlateDetector:
        return self.search.detector

    def read_bytes(
        self, data: bytes, options: ReadOptions, *, slice_until: float = math.inf
    ) -> FrameResult:
        """Read the plates of an encoded picture; `slice_until` is as for `read_frame`.

        Raises:
            ImageError: the bytes are no single picture within the limits.
            InferenceError: a network failed.
        """
        watch = Stopwatch()
        with watch.stage("decode"):
            frame = decode_image(data, max_pixels=self.max_pixels)
        return self.read_frame(frame, options, watch, slice_until=slice_until)

    def read_frame(
        self,
        frame: Frame,
        options: ReadOptions,
        watch: Stopwatch | None = None,
        *,
        slice_until: float = math.inf,
    ) -> FrameResult:
        """Read the plates of a frame, (height, width, 3) uint8 BGR.

        Args:
            slice_until: moment of `time.monotonic` after which no further pass of the detector
                begins; the answer then says how many were skipped.

        Raises:
            InferenceError: a network failed.
        """
        watch = watch or Stopwatch()
        with watch.stage("detect"):
            searched = self._search(frame, options, slice_until)
        rejected = Counter(searched.rejected)
        with watch.stage("ocr"):
            read = self._read(frame, searched.found, options)
        with watch.stage("interpret"):
            plates = self._interpret(read, rejected)
        height, width = frame.shape[:2]
        return FrameResult(
            plates,
            width,
            height,
            dict(rejected),
            watch.timings_ms,
            passes=searched.passes,
            skipped_passes=searched.skipped_passes,
        )

    def _search(self, frame: Frame, options: ReadOptions, deadline: float) -> SearchResult:
        def find(picture: Frame) -> SearchResult:
            return self.search.find(
                picture,
                min_confidence=options.min_confidence,
                detail=options.detail,
                deadline=deadline,
            )

        searched = find(frame)
        if not searched.found and options.enhance == "auto":
            searched = find(enhance(frame))
        return searched

    def _read(
        self, frame: Frame, found: Sequence[Found], options: ReadOptions
    ) -> list[tuple[Found, Box, Characters]]:
        """The best reading of each plate, with the box of the plate it was read from.

        Except at `low`, plates that read weakly are read again: from the boxes of other windows,
        and from their own box with a margin, since a tight box may cut the outer characters.
        """
        boxes = [plate.boxes[0] for plate in found]
        readings = self._read_crops([box.crop(frame) for box in boxes], options.enhance)
        if options.detail != "low":
            height, width = frame.shape[:2]
            again = [
                (index, box, view)
                for index, (plate, reading) in enumerate(zip(found, readings, strict=True))
                if reading.confidence < READ_WELL
                for box, view in (
                    *((box, box) for box in plate.boxes[1:]),
                    (plate.boxes[0], plate.boxes[0].enlarged(*SECOND_LOOK_MARGIN)),
                )
            ]
            others = self._read_crops(
                [view.clipped(width, height).crop(frame) for _, _, view in again], options.enhance
            )
            for (index, box, _), reading in zip(again, others, strict=True):
                if reading.confidence >= CONVINCING:
                    boxes[index], readings[index] = box, reading
        return list(zip(found, boxes, readings, strict=True))

    def _read_crops(self, crops: Sequence[Frame], mode: EnhanceMode) -> list[Characters]:
        if mode == "always":
            return self.recognizer.read([enhance(crop) for crop in crops])
        readings = self.recognizer.read(crops)
        if mode == "auto":
            weak = [
                index
                for index, reading in enumerate(readings)
                if reading.confidence < self._enhance_below
            ]
            enhanced = self.recognizer.read([enhance(crops[index]) for index in weak])
            for index, reading in zip(weak, enhanced, strict=True):
                readings[index] = max(readings[index], reading, key=lambda read: read.confidence)
        return readings

    def _interpret(
        self, read: Sequence[tuple[Found, Box, Characters]], rejected: Counter[str]
    ) -> tuple[Plate, ...]:
        plates: list[Plate] = []
        for found, box, characters in read:
            if not _is_reading(characters, found):
                rejected["unreadable"] += 1
                continue
            small = box.aspect < self._filter.small_plate_aspect_ratio
            reading = self.decoder.decode(characters.probabilities, small_plate=small)
            plates.append(Plate(Detection(box, found.confidence), characters, reading))
        plates.sort(key=lambda plate: plate.characters.confidence, reverse=True)
        return tuple(plates)


def _is_reading(characters: Characters, found: Found) -> bool:
    if found.in_frame:
        return bool(characters.text)
    return (
        characters.confidence >= SLICE_READING and len(characters.confidences) >= SLICE_CHARACTERS
    )

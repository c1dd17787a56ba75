"""Frame to plates: find, read, interpret."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from app.nz.decoder import PlateDecoder, Reading
from app.vision.decode import decode_image
from app.vision.detector import PlateDetector
from app.vision.enhance import enhance
from app.vision.recognizer import PlateRecognizer
from app.vision.search import Detail, Found, PlateFilter, PlateSearch, SearchResult
from app.vision.types import Box, Characters, Detection, Frame, FrameResult, Looks, Plate

EnhanceMode = Literal["off", "auto", "always"]

DOUBTFUL = 0.95
"""A plate with a slot less sure than this is looked at again, with a margin around its box, since
a tight box may cut the outer characters. The decoder takes the plate from that look."""
MARGIN = (0.06, 0.12)
"""Of such a look: shares of the box's width and height added on each side; chosen on synthetic
plates."""
READ_WELL = 0.9
"""A reading this confident is not replaced by another one."""
CONVINCING = 0.95
"""Another reading replaces the first only if it is this confident: what the first look read
rightly, if weakly, must not be lost."""
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
        self.plate_filter = plate_filter
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
        if searched.found or options.enhance != "auto":
            return searched
        if time.monotonic() >= deadline:
            return replace(searched, skipped_passes=searched.skipped_passes + 1)
        return searched.then(find(enhance(frame)))

    def read_boxes(
        self, frame: Frame, boxes: Sequence[Box], mode: EnhanceMode = "off"
    ) -> list[Looks]:
        """Read boxes of a frame, which must be clipped to it, the doubtful ones a second time.

        Raises:
            InferenceError: the network failed.
        """
        height, width = frame.shape[:2]
        first = self._read_crops([box.crop(frame) for box in boxes], mode)
        doubtful = [i for i, reading in enumerate(first) if reading.least < DOUBTFUL]
        wider = [boxes[i].enlarged(*MARGIN).clipped(width, height) for i in doubtful]
        second = self._read_crops([box.crop(frame) for box in wider], mode)
        looks = [Looks(reading, None) for reading in first]
        for i, reading in zip(doubtful, second, strict=True):
            looks[i] = Looks(first[i], reading)
        return looks

    def interpret(self, looks: Looks, box: Box) -> Reading:
        """What the decoder makes of the plate in a box."""
        return self.decoder.decode(
            looks.decoded.probabilities, raw=looks.first.text, small_plate=self.is_small(box)
        )

    def is_small(self, box: Box) -> bool:
        """Whether a box has the proportions of a motorcycle's or trailer's plate."""
        return box.aspect < self.plate_filter.small_plate_aspect_ratio

    def _read(
        self, frame: Frame, found: Sequence[Found], options: ReadOptions
    ) -> list[tuple[Found, Box, Looks]]:
        """The looks at each plate, with the box of the plate that was looked at.

        Except at `low`, a weak reading is replaced by the best of the other looks, that with a
        margin and those at the boxes of other windows, where that one convinces.
        """
        boxes = [plate.boxes[0] for plate in found]
        looks = self.read_boxes(frame, boxes, options.enhance)
        if options.detail != "low":
            weak = [i for i, seen in enumerate(looks) if seen.first.confidence < READ_WELL]
            others = [(i, box) for i in weak for box in found[i].boxes[1:]]
            there = self._read_crops([box.crop(frame) for _, box in others], options.enhance)
            best: dict[int, tuple[Box, Characters]] = {}
            for i, box, reading in (
                *((i, boxes[i], looks[i].wider) for i in weak),
                *((i, box, reading) for (i, box), reading in zip(others, there, strict=True)),
            ):
                if reading is None or reading.confidence < CONVINCING:
                    continue
                if i not in best or reading.confidence > best[i][1].confidence:
                    best[i] = box, reading
            for i, (box, reading) in best.items():
                boxes[i], looks[i] = box, Looks(reading, None)
        return list(zip(found, boxes, looks, strict=True))

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
        self, read: Sequence[tuple[Found, Box, Looks]], rejected: Counter[str]
    ) -> tuple[Plate, ...]:
        plates: list[Plate] = []
        for found, box, looks in read:
            if not _is_reading(looks.first, found):
                rejected["unreadable"] += 1
                continue
            reading = self.interpret(looks, box)
            plates.append(Plate(Detection(box, found.confidence), looks, reading))
        plates.sort(key=lambda plate: plate.characters.confidence, reverse=True)
        return tuple(plates)


def _is_reading(characters: Characters, found: Found) -> bool:
    if found.in_frame:
        return bool(characters.text)
    return (
        characters.confidence >= SLICE_READING and len(characters.confidences) >= SLICE_CHARACTERS
    )

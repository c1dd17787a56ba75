"""Frame to plates: find, read, interpret."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.nz.decoder import PlateDecoder, Reading
from app.vision.decision import PlateDecision
from app.vision.detection.detector import PlateDetector
from app.vision.detection.edges import is_cut_by_frame
from app.vision.detection.exhaustive import find_others, passes_of
from app.vision.detection.search import Detail, Found, PlateFilter, PlateSearch, SearchResult
from app.vision.images.crops import plate_jpeg
from app.vision.images.decode import decode_picture
from app.vision.images.enhance import EnhanceMode, enhance
from app.vision.reader import PlateReader
from app.vision.recognizer import PlateRecognizer
from app.vision.rotation import Rotate, Turn, is_convincing, likelihood_upright, turns
from app.vision.selection import EVERYTHING, Selection
from app.vision.stopwatch import Stopwatch
from app.vision.types import (
    Box,
    Certainty,
    Characters,
    Detection,
    Excluded,
    Frame,
    FrameResult,
    Looks,
    Plate,
)
from app.vision.witnesses import witnesses_of

SLICE_READING = 0.5
"""What only a window shows, the whole frame not, must read at least this well to be a plate."""
SLICE_CHARACTERS = 2

CUT = "the picture's edge cuts this plate: characters may be missing or cut through"
GAP = "nothing was read between two of the characters: one may be missing there"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What one request may choose; `crops` asks for a picture of each plate.

    `min_confidence` and `min_text_confidence` are the least certainties of a plate and its text.
    With `unread_confidence` the search of redaction follows, for plates of at least that confidence
    that were not read.
    """

    min_confidence: float
    enhance: EnhanceMode
    detail: Detail = "low"
    rotate: Rotate = "0"
    selection: Selection = EVERYTHING
    crops: bool = False
    unread_confidence: float | None = None
    min_text_confidence: float = 0.0


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
        decision: PlateDecision | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            enhance_below: readings less confident than this get a second look in mode "auto".
            decision: judges what was read, and the search's limits name its `candidates`; without
                it the detector decides.
        """
        self.search = search
        self.recognizer = recognizer
        self.reader = PlateReader(recognizer, enhance_below=enhance_below)
        self.decoder = decoder
        self.max_pixels = max_pixels
        self.plate_filter = plate_filter
        self.decision = decision

    @property
    def detector(self) -> PlateDetector:
        return self.search.detector

    def read_bytes(
        self, data: bytes, options: ReadOptions, *, slice_until: float = math.inf
    ) -> FrameResult:
        """Read the plates of an encoded picture; `slice_until` is as for `read_frame`.

        Of a JPEG with more than `max_pixels` a smaller frame is read; size and boxes are those of
        the file all the same.

        Raises:
            ImageError: the bytes are no single picture within the limits.
            InferenceError: a network failed.
        """
        watch = Stopwatch()
        with watch.stage("decode"):
            picture = decode_picture(data, max_pixels=self.max_pixels, reduce=True)
        reduced = replace(options, selection=options.selection.reduced(picture.scale))
        read = self.read_frame(picture.frame, reduced, watch, slice_until=slice_until)
        placed = read.enlarged(picture.scale, picture.width, picture.height)
        return replace(placed, damaged=picture.damaged)

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
        seen: list[FrameResult] = []
        skipped = 0
        for turn in turns(frame, options.rotate):
            if seen and time.monotonic() >= slice_until:
                skipped += 1
                continue
            seen.append(self._read_turned(frame, turn, options, watch, slice_until))
            if is_convincing(seen[-1]):
                break
        read = replace(
            max(seen, key=likelihood_upright),
            passes=sum(result.passes for result in seen),
            skipped_passes=sum(result.skipped_passes for result in seen) + skipped,
        )
        return (
            read
            if options.unread_confidence is None
            else self._with_unread(frame, read, options.unread_confidence, options.rotate, watch)
        )

    def _with_unread(
        self, frame: Frame, read: FrameResult, confidence: float, rotate: Rotate, watch: Stopwatch
    ) -> FrameResult:
        known = [plate.detection.box for plate in read.plates]
        with watch.stage("detect"):
            unread = find_others(self.detector, frame, known, confidence, rotate=rotate)
        passes = read.passes + passes_of(self.detector, frame, rotate=rotate)
        return replace(read, unread=unread, passes=passes)

    def _read_turned(
        self,
        frame: Frame,
        turn: Turn,
        options: ReadOptions,
        watch: Stopwatch,
        slice_until: float,
    ) -> FrameResult:
        upright = turn.frame(frame)
        with watch.stage("detect"):
            searched = self._search(upright, options, slice_until)
        found, excluded = _select(searched.found, turn, options.selection)
        rejected = Counter(searched.rejected)
        with watch.stage("ocr"):
            read = self.reader.read_found(
                upright, found, options.enhance, choose=options.detail != "low"
            )
        with watch.stage("interpret"):
            plates: list[Plate] = []
            for plate in self._interpret(upright, read, rejected, options):
                placed = replace(plate.detection, box=turn.back(plate.detection.box))
                if options.selection.wants(plate):
                    plates.append(replace(plate, detection=placed))
                else:
                    excluded.append(Excluded(placed, "format", plate.reading))
        rejected.update(plate.reason for plate in excluded)
        return FrameResult(
            tuple(plates),
            turn.width,
            turn.height,
            dict(rejected),
            watch.timings_ms,
            passes=searched.passes,
            skipped_passes=searched.skipped_passes,
            excluded=tuple(excluded),
            rotation=turn.degrees,
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
        if searched.surest >= options.min_confidence or options.enhance != "auto":
            return searched
        if time.monotonic() >= deadline:
            return replace(searched, skipped_passes=searched.skipped_passes + 1)
        return searched.or_surer(find(enhance(frame)))

    def read_boxes(
        self, frame: Frame, boxes: Sequence[Box], mode: EnhanceMode = "off"
    ) -> list[Looks]:
        """As `PlateReader.read_boxes`."""
        return self.reader.read_boxes(frame, boxes, mode)

    def interpret(self, looks: Looks, box: Box, *, cut: bool = False) -> Reading:
        """What the decoder makes of the plate in a box, which may be cut by the frame's edge."""
        warning = CUT if cut else GAP if looks.first.gap else None
        return self.decoder.decode(
            looks.decoded.probabilities,
            raw=looks.first.text,
            small_plate=self.is_small(box),
            warning=warning,
            whole=not cut,
        )

    def is_small(self, box: Box) -> bool:
        """Whether a box has the proportions of a motorcycle's or trailer's plate."""
        return box.aspect < self.plate_filter.small_plate_aspect_ratio

    def _interpret(
        self,
        frame: Frame,
        read: Sequence[tuple[Found, Box, Looks]],
        rejected: Counter[str],
        options: ReadOptions,
    ) -> list[Plate]:
        height, width = frame.shape[:2]
        plates: list[Plate] = []
        for found, box, looks in read:
            if not _is_reading(looks.first, found):
                rejected["unreadable"] += 1
                continue
            cut = is_cut_by_frame(box, looks.first, width, height)
            reading = self.interpret(looks, box, cut=cut)
            sure = self._decide(found.confidence, box, looks, reading, cut=cut)
            if sure.plate < options.min_confidence or sure.text < options.min_text_confidence:
                rejected["confidence"] += 1
                continue
            picture = plate_jpeg(frame, box) if options.crops else None
            detection = Detection(box, found.confidence)
            plates.append(Plate(detection, looks, reading, sure, cut, picture))
        plates.sort(key=lambda plate: plate.characters.confidence, reverse=True)
        return plates

    def _decide(
        self, score: float, box: Box, looks: Looks, reading: Reading, *, cut: bool
    ) -> Certainty:
        """By all witnesses; without a decision by the detector's score and the OCR's confidence."""
        if self.decision is None:
            return Certainty(score, looks.first.confidence)
        seen = witnesses_of(score, box, looks, reading, cut=cut)
        return Certainty(
            self.decision.plate.probability(seen), self.decision.text.probability(seen), seen
        )


def _select(
    found: Sequence[Found], turn: Turn, selection: Selection
) -> tuple[list[Found], list[Excluded]]:
    """What is to be read, and what is not, in pixels of the frame before the turn."""
    kept: list[Found] = []
    excluded: list[Excluded] = []
    for plate in found:
        box = turn.back(plate.boxes[0])
        reason = selection.fault(
            box, plate_height=plate.boxes[0].height, width=turn.width, height=turn.height
        )
        if reason is None:
            kept.append(plate)
        else:
            excluded.append(Excluded(Detection(box, plate.confidence), reason))
    return kept, excluded


def _is_reading(characters: Characters, found: Found) -> bool:
    if found.in_frame:
        return bool(characters.text)
    return (
        characters.confidence >= SLICE_READING and len(characters.confidences) >= SLICE_CHARACTERS
    )

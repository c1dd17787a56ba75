"""Boxes to characters: how often each plate is read, and which of the readings counts."""

from collections.abc import Sequence

from app.vision.detection.search import Found
from app.vision.images.enhance import EnhanceMode, enhance
from app.vision.recognizer import PlateRecognizer
from app.vision.types import Box, Characters, Frame, Looks

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


class PlateReader:
    """Looks at plates with an OCR, the doubtful ones several times. Thread-safe."""

    def __init__(self, recognizer: PlateRecognizer, *, enhance_below: float) -> None:
        """`enhance_below`: readings less confident than this get a second look in mode "auto"."""
        self._recognizer = recognizer
        self._enhance_below = enhance_below

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

    def read_found(
        self, frame: Frame, found: Sequence[Found], mode: EnhanceMode, *, choose: bool
    ) -> list[tuple[Found, Box, Looks]]:
        """The looks at each plate, with the box of the plate that was looked at.

        Args:
            choose: replace a weak reading by the best of the other looks, that with a margin and
                those at the boxes of other windows, where that one convinces.

        Raises:
            InferenceError: the network failed.
        """
        boxes = [plate.boxes[0] for plate in found]
        looks = self.read_boxes(frame, boxes, mode)
        if choose:
            weak = [i for i, seen in enumerate(looks) if seen.first.confidence < READ_WELL]
            others = [(i, box) for i in weak for box in found[i].boxes[1:]]
            there = self._read_crops([box.crop(frame) for _, box in others], mode)
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
            return self._recognizer.read([enhance(crop) for crop in crops])
        readings = self._recognizer.read(crops)
        if mode == "auto":
            weak = [
                index
                for index, reading in enumerate(readings)
                if reading.confidence < self._enhance_below
            ]
            enhanced = self._recognizer.read([enhance(crops[index]) for index in weak])
            for index, reading in zip(weak, enhanced, strict=True):
                readings[index] = max(readings[index], reading, key=lambda read: read.confidence)
        return readings

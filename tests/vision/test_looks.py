"""A plate that reads doubtfully is looked at again with a margin, and decoded from that look."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from app.nz.decoder import PlateDecoder
from app.vision.detection.search import Detail, Found, PlateSearch, SearchResult
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.reader import CONVINCING, DOUBTFUL, MARGIN
from app.vision.recognizer import PlateRecognizer
from app.vision.types import Box, Characters, Frame

FRAME = np.zeros((300, 400, 3), np.uint8)
BOX = Box(100, 100, 200, 140)


class ByWidth(PlateRecognizer):
    """Reads a text by the width of the crop, with that probability in its least sure slot."""

    def __init__(self, real: PlateRecognizer, texts: dict[int, tuple[str, float]]) -> None:
        self.alphabet, self.pad_char = real.alphabet, real.pad_char
        self._slots = real.config.max_plate_slots
        self._texts = texts
        self.seen: list[tuple[int, int]] = []

    def read(self, crops: Sequence[Frame]) -> list[Characters]:
        self.seen += [(crop.shape[1], crop.shape[0]) for crop in crops]
        return [self._characters(self._rows(*self._texts[crop.shape[1]]), None) for crop in crops]

    def _rows(self, text: str, least: float) -> NDArray[np.float32]:
        rows = np.full((self._slots, len(self.alphabet)), 1e-4, np.float32)
        for row, character in zip(rows, text.ljust(self._slots, self.pad_char), strict=True):
            row[self.alphabet.index(character)] = 1.0
        rows /= rows.sum(axis=1, keepdims=True)
        rows[0] = rows[0] * least + (1 - least) / len(self.alphabet)
        return rows


class Answers(PlateSearch):
    """Finds what it is told to, one answer after the other, whatever the frame shows."""

    def __init__(self, *answers: SearchResult) -> None:
        self._answers = list(answers)

    def find(
        self, frame: Frame, *, min_confidence: float, detail: Detail, deadline: float = math.inf
    ) -> SearchResult:
        return self._answers.pop(0)


def found(*boxes: Box, passes: int = 1, skipped: int = 0, **rejected: int) -> SearchResult:
    """An answer with one plate seen in these boxes, or with none."""
    plates = (Found(0.9, boxes, in_frame=True),) if boxes else ()
    return SearchResult(plates, rejected, passes, skipped)


def reading(
    pipeline: PlatePipeline,
    texts: dict[int, tuple[str, float]],
    search: PlateSearch | None = None,
) -> PlatePipeline:
    return PlatePipeline(
        search or pipeline.search,
        ByWidth(pipeline.recognizer, texts),
        PlateDecoder(pipeline.recognizer.alphabet, pipeline.recognizer.pad_char, threshold=0.5),
        plate_filter=pipeline.plate_filter,
        max_pixels=pipeline.max_pixels,
        enhance_below=0.5,
    )


def test_a_sure_reading_is_taken_as_it_is(pipeline: PlatePipeline) -> None:
    looking = reading(pipeline, {100: ("KLM482", 0.99)})
    (looks,) = looking.read_boxes(FRAME, [BOX])
    assert looks.wider is None
    assert looks.decoded is looks.first


def test_a_doubtful_one_is_decoded_from_a_wider_look(pipeline: PlatePipeline) -> None:
    looking = reading(pipeline, {100: ("LM482", 0.6), 112: ("KLM482", 0.99)})
    (looks,) = looking.read_boxes(FRAME, [BOX])
    assert looks.first.least < DOUBTFUL < looks.decoded.least
    read = looking.interpret(looks, BOX)
    assert (read.raw, read.corrected_plate) == ("LM482", "KLM482")


@pytest.mark.parametrize(
    ("box", "size"), [(BOX, (112, 50)), (Box(0, 0, 100, 40), (106, 45)), (BOX.moved(200, 0), None)]
)
def test_the_margin_stays_inside_the_frame(
    pipeline: PlatePipeline, box: Box, size: tuple[int, int] | None
) -> None:
    looking = reading(pipeline, dict.fromkeys((100, 106, 112), ("KLM482", 0.6)))
    looking.read_boxes(FRAME, [box])
    recognizer = looking.recognizer
    assert isinstance(recognizer, ByWidth)
    assert recognizer.seen[0] == (100, 40)
    assert recognizer.seen[1] == (size or (106, 50))
    assert MARGIN == (0.06, 0.12)


WINDOWS = (BOX, Box(95, 100, 215, 140), Box(90, 100, 220, 140))
"""The same plate in the whole frame and in two windows: crops 100, 120 and 130 wide; 112 is the
first with a margin."""


@pytest.mark.parametrize(
    ("least", "text"),
    [
        ({112: 0.8, 120: 0.999, 130: 0.85}, "WIND0W"),
        ({112: 0.8, 120: 0.85, 130: 0.999}, "ANOTHR"),
        ({112: 0.999, 120: 0.85, 130: 0.8}, "MARGIN"),
        ({112: 0.4, 120: 0.4, 130: 0.8}, "ANOTHR"),
        ({112: 0.6, 120: 0.6, 130: 0.6}, "F1RST0"),
    ],
)
def test_the_best_of_the_convincing_looks_is_taken_whatever_comes_last(
    pipeline: PlatePipeline, least: dict[int, float], text: str
) -> None:
    names = {112: "MARGIN", 120: "WIND0W", 130: "ANOTHR"}
    texts = {100: ("F1RST0", 0.3)} | {width: (names[width], sure) for width, sure in least.items()}
    looking = reading(pipeline, texts, Answers(found(*WINDOWS)))
    (plate,) = looking.read_frame(FRAME, ReadOptions(0.4, "off", "auto")).plates
    assert plate.characters.text == text
    if text != "F1RST0":
        assert plate.characters.confidence >= CONVINCING


@pytest.mark.parametrize("boxes", [(), (BOX,)], ids=["in vain", "with a plate"])
def test_searching_an_enhanced_frame_forgets_nothing_of_the_first_search(
    pipeline: PlatePipeline, boxes: tuple[Box, ...]
) -> None:
    first = found(passes=5, skipped=2, confidence=3, aspect_ratio=1)
    second = found(*boxes, passes=5, skipped=1, confidence=1)
    looking = reading(pipeline, {100: ("KLM482", 0.99)}, Answers(first, second))
    result = looking.read_frame(FRAME, ReadOptions(0.4, "auto", "auto"))
    assert (result.passes, result.skipped_passes, len(result.plates)) == (10, 3, len(boxes))
    assert result.rejected == {"confidence": 3, "aspect_ratio": 1}


def test_a_deadline_that_has_passed_begins_no_second_search(pipeline: PlatePipeline) -> None:
    looking = reading(pipeline, {}, Answers(found(passes=1, skipped=4, confidence=1)))
    result = looking.read_frame(FRAME, ReadOptions(0.4, "auto", "auto"), slice_until=-math.inf)
    assert (result.passes, result.skipped_passes) == (1, 5)
    assert result.rejected == {"confidence": 1}

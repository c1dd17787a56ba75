"""A plate that reads doubtfully is looked at again with a margin, and decoded from that look."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from app.nz.decoder import PlateDecoder
from app.vision.pipeline import DOUBTFUL, MARGIN, PlatePipeline
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


def reading(pipeline: PlatePipeline, texts: dict[int, tuple[str, float]]) -> PlatePipeline:
    return PlatePipeline(
        pipeline.search,
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
    found = looking.interpret(looks, BOX)
    assert (found.raw, found.corrected_plate) == ("LM482", "KLM482")


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

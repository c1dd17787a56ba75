"""Plates that the picture's edge cuts, and texts with holes in them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.nz.decoder import PlateDecoder
from app.vision.detection.edges import is_cut_by_frame
from app.vision.pipeline import GAP, PlatePipeline, ReadOptions
from app.vision.recognizer import PlateRecognizer
from app.vision.types import Box, Characters, Frame, Looks

OPTIONS = ReadOptions(0.4, "off", "auto")
LEFT, RIGHT = 235, 405
"""Where the drawn plate begins and ends; its six characters lie evenly between."""


def _slots(recognizer: PlateRecognizer, text: str) -> NDArray[np.float32]:
    rows = np.full((recognizer.config.max_plate_slots, len(recognizer.alphabet)), 1e-4, np.float32)
    for row, character in zip(rows, text.ljust(len(rows), recognizer.pad_char), strict=True):
        row[recognizer.alphabet.index(character)] = 1
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


@pytest.mark.parametrize(
    ("slots", "text", "gap"),
    [("AB_C", "ABC", True), ("_AB", "AB", True), ("ABC__", "ABC", False), ("", "", False)],
)
def test_padding_is_never_answered(
    pipeline: PlatePipeline, slots: str, text: str, gap: bool
) -> None:
    recognizer = pipeline.recognizer
    likeliest = slots.replace("_", recognizer.pad_char)
    read = recognizer._characters(_slots(recognizer, likeliest), None)
    assert (read.text, len(read.confidences), read.gap) == (text, len(text), gap)
    found = pipeline.interpret(Looks(read, None), Box(0, 0, 100, 35))
    assert found.raw == found.validation.normalized == text
    assert (found.validation.warning == GAP) is gap
    decoder = PlateDecoder(recognizer.alphabet, recognizer.pad_char, threshold=0.9)
    assert decoder.decode(_slots(recognizer, likeliest)).raw == text


@pytest.mark.parametrize(
    ("axis", "characters"), [("left", 1), ("left", 3), ("right", 2), ("right", 3)]
)
def test_a_cut_plate_says_so_and_pretends_nothing(
    pipeline: PlatePipeline, car: Frame, axis: str, characters: int
) -> None:
    lost = 15 + round(characters * (RIGHT - LEFT - 30) / 6)
    frame = car[:, LEFT + lost :] if axis == "left" else car[:, : RIGHT - lost]
    (plate,) = pipeline.read_frame(np.ascontiguousarray(frame), OPTIONS).plates
    assert plate.cut
    assert pipeline.recognizer.pad_char not in plate.characters.text
    assert (plate.reading.corrected_plate, plate.reading.correction) == (None, None)
    assert plate.reading.candidates == ()
    assert "cuts this plate" in (plate.reading.validation.warning or "")


@pytest.mark.parametrize("margin", [6, 20, 60])
def test_a_whole_plate_beside_the_edge_is_not_cut(
    pipeline: PlatePipeline, car: Frame, margin: int
) -> None:
    for frame in (car[:, LEFT - margin :], car[:, : RIGHT + margin], car[: 351 + margin]):
        (plate,) = pipeline.read_frame(np.ascontiguousarray(frame), OPTIONS).plates
        assert (plate.characters.text, plate.cut) == ("ABC123", False)
        assert plate.reading.candidates


def _read(text: str, *confidences: float) -> Characters:
    return Characters(text, confidences, np.zeros((10, 37), np.float32), None)


SURE = (0.99,) * 5


@pytest.mark.parametrize(
    ("box", "read", "cut"),
    [
        (Box(0, 200, 120, 240), _read("BC123", *SURE), True),
        (Box(0, 200, 120, 240), _read("ABC123", 0.99, *SURE), False),
        (Box(0, 200, 120, 240), _read("4BC123", 0.6, *SURE), True),
        (Box(520, 200, 640, 240), _read("ABC12B", *SURE, 0.6), True),
        (Box(518, 200, 638, 240), _read("ABC12", *SURE), True),
        (Box(500, 200, 620, 240), _read("ABC12", *SURE), False),
        (Box(100, 0, 220, 30), _read("ABC12", *SURE), False),
        (Box(100, 450, 220, 480), _read("ABC12", *SURE[1:], 0.7), True),
        (Box(0, 0, 640, 480), _read("ABC12", *SURE[1:], 0.7), False),
        (Box(0, 200, 120, 240), _read(""), True),
    ],
)
def test_what_counts_as_cut(box: Box, read: Characters, cut: bool) -> None:
    assert is_cut_by_frame(box, read, 640, 480) is cut

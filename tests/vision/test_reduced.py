"""Pictures that are decoded smaller than they are."""

import copy
from dataclasses import replace

import cv2
import numpy as np

from app.vision.images.annotate import annotate
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.selection import Selection
from app.vision.types import Frame, FrameResult
from tests.pictures import encode

OPTIONS = ReadOptions(min_confidence=0.4, enhance="off")


def test_boxes_are_in_pixels_of_the_file(pipeline: PlatePipeline, car: Frame) -> None:
    large = cv2.resize(car, None, fx=2.5, fy=2.5)
    data = encode(large, ".jpg")
    whole = pipeline.read_bytes(data, OPTIONS)
    half = copy.copy(pipeline)
    half.max_pixels = 1_000_000
    reduced = half.read_bytes(data, OPTIONS)
    assert (reduced.width, reduced.height) == (whole.width, whole.height) == (1600, 1200)
    assert [plate.characters.text for plate in reduced.plates] == ["ABC123"]
    box, expected = reduced.plates[0].detection.box, whole.plates[0].detection.box
    for side in ("x1", "y1", "x2", "y2"):
        assert abs(getattr(box, side) - getattr(expected, side)) <= 12, side


def test_boxes_are_drawn_where_the_plates_are(pipeline: PlatePipeline, car: Frame) -> None:
    """Also on a frame that is smaller than the picture."""
    result = pipeline.read_frame(car, OPTIONS)
    twice = FrameResult(result.plates, result.width * 2, result.height * 2, {}, result.timings_ms)
    box = result.plates[0].detection.box
    for read, factor in ((result, 1.0), (twice, 0.5)):
        changed = (annotate(car, read) != car).any(axis=2)
        there = box.scaled(factor)
        assert changed[there.y2 - 1 : there.y2 + 2, there.x1 : there.x2].any(axis=0).all()
        assert np.array_equal(annotate(car, read)[there.y2, there.x1], (36, 255, 12))


def test_the_least_height_is_in_pixels_of_the_file(pipeline: PlatePipeline, car: Frame) -> None:
    data = encode(cv2.resize(car, None, fx=2.5, fy=2.5), ".jpg")
    half = copy.copy(pipeline)
    half.max_pixels = 1_000_000
    (plate,) = half.read_bytes(data, OPTIONS).plates
    height = plate.detection.box.height
    for least, read in ((height - 4, True), (height + 4, False)):
        options = replace(OPTIONS, selection=Selection(min_height=least))
        result = half.read_bytes(data, options)
        assert bool(result.plates) is read
        assert [found.reason for found in result.excluded] == ([] if read else ["min_height"])
        assert all(found.detection.box == plate.detection.box for found in result.excluded)

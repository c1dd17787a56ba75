"""Answered texts, right and wrong."""

import dataclasses

from app.lab.evaluation.figures.answers import answer_curve
from app.lab.evaluation.results import ReadPlate
from tests.lab.evaluation.builders import photo, plate, read


def sure(text: str, confidence: float) -> ReadPlate:
    return dataclasses.replace(read(text), text_confidence=confidence)


def test_a_text_where_no_plate_is_counts_as_wrong() -> None:
    plates = [
        plate("KLM482", sure("KLM482", 0.99)),
        plate("KLM483", sure("KLM483", 0.8), index=1),
        plate("KLM484", sure("KLM48A", 0.7), index=2),
        plate("KLM485", None, index=3),
        plate(None, sure("H", 0.9), index=4),  # nobody knows its text
    ]
    photos = [
        photo("n.jpg", negative=True, unmatched=(sure("SIGN", 0.8),)),
        photo("p.jpg", fully_labelled=False, unmatched=(sure("XYZ123", 0.95),)),
    ]
    curve = answer_curve(plates, photos)
    points = [(each.threshold, each.right, each.wrong, each.nowhere) for each in curve.points]
    assert points == [(0.99, 1, 0, 0), (0.8, 2, 0, 1), (0.7, 2, 1, 1)]
    assert curve.every == curve.points[-1]
    assert curve.every is not None
    assert (curve.every.precision.value, curve.every.recall.value) == (0.5, 0.5)
    assert curve.enforcement == curve.points[0]


def test_a_target_that_is_never_reached() -> None:
    curve = answer_curve([plate("KLM482", sure("KLM48A", 0.9))], [])
    assert curve.enforcement is None
    assert answer_curve([], []).every is None


def test_older_results_are_judged_by_the_confidence_of_the_ocr() -> None:
    curve = answer_curve([plate("KLM482", read("KLM482", confidence=0.7))], [])
    assert [point.threshold for point in curve.points] == [0.7]

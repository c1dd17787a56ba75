"""Training views of the detector and its metrics: pure functions on hand-made arrays."""

import numpy as np
import pytest

from models.training.augment import clip_boxes, draw_view, warp_boxes
from models.training.evaluate_detector import average_precision, match, overlaps
from models.training.photos import Photo


@pytest.fixture
def photos() -> list[Photo]:
    rng = np.random.default_rng(0)
    boxes = np.array([[60, 50, 120, 70]], np.float32)
    return [
        Photo("drawn", "drawn", rng.integers(0, 256, (120, 200, 3)).astype(np.uint8), boxes, ("",))
        for _ in range(3)
    ]


def test_a_view_depends_on_its_index_and_seed_alone(photos: list[Photo]) -> None:
    first = draw_view(photos, 5, size=96, seed=1)
    again = draw_view(photos, 5, size=96, seed=1)
    other = draw_view(photos, 5, size=96, seed=2)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.image, other.image)


def test_boxes_of_a_view_lie_inside_it(photos: list[Photo]) -> None:
    boxes = np.concatenate([draw_view(photos, i, size=96, seed=3).boxes for i in range(60)])
    assert len(boxes) > 20
    assert boxes.min() >= 0
    assert boxes.max() <= 96
    assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_warp_boxes_turns_a_quarter() -> None:
    quarter = np.array([[0.0, -1.0, 100.0], [1.0, 0.0, 0.0]])
    warped = warp_boxes(np.array([[10, 20, 30, 60]], np.float32), quarter)
    assert warped.tolist() == [[40, 10, 80, 30]]


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ([10, 10, 40, 20], [[10, 10, 40, 20]]),
        ([-10, 10, 30, 20], [[0, 10, 30, 20]]),  # three quarters visible
        ([-30, 10, 10, 20], []),  # a quarter visible
        ([10, 10, 14, 20], []),  # too narrow to be read or found
    ],
)
def test_clip_boxes(box: list[float], kept: list[list[float]]) -> None:
    assert clip_boxes(np.array([box], np.float32), 100, 100).tolist() == kept


def test_overlaps_of_halves_and_strangers() -> None:
    first = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[0, 0, 10, 10], [0, 0, 5, 10], [20, 20, 30, 30]], np.float32)
    assert overlaps(first, others)[0] == pytest.approx([1, 0.5, 0])


def test_match_takes_each_label_once_and_the_surest_first() -> None:
    label = np.array([[0, 0, 10, 10]], np.float32)
    found = np.array([[0, 0, 10, 9, 0.5], [0, 0, 10, 10, 0.9]], np.float32)
    assert match(label, found).tolist() == [False, True]


@pytest.mark.parametrize(
    ("ranked", "plates", "expected"),
    [
        ([True, True], 2, 1.0),
        ([True, False, True], 2, (1 + 2 / 3) / 2),
        ([False, True], 1, 0.5),
        ([True], 2, 0.5),
        ([], 3, 0.0),
    ],
)
def test_average_precision(ranked: list[bool], plates: int, expected: float) -> None:
    assert average_precision(np.array(ranked, bool), plates) == pytest.approx(expected)

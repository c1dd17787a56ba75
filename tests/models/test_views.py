"""Training views of the detector and its metrics: pure functions on hand-made arrays."""

from dataclasses import replace

import numpy as np
import pytest

from models.training.common.photos import SQUEEZED, Photo, unsqueezed
from models.training.detector.augment import (
    clip_boxes,
    draw_view,
    mirrored,
    trimmed,
    warp_boxes,
)
from models.training.detector.evaluate import average_precision, match, overlaps


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


def test_a_mirrored_photo_keeps_its_plate_legible(photos: list[Photo]) -> None:
    photo = photos[0]
    seen = mirrored(photo)
    assert seen.boxes.tolist() == [[80, 50, 140, 70]]
    assert np.array_equal(seen.image[50:70, 80:140], photo.image[50:70, 60:120])
    assert np.array_equal(seen.image[:50], photo.image[:50, ::-1])


def test_a_trimmed_photo_keeps_a_plate_whole(photos: list[Photo]) -> None:
    sizes = set()
    for seed in range(40):
        seen = trimmed(photos[0], np.random.default_rng(seed))
        x1, y1, x2, y2 = seen.boxes[0].astype(int).tolist()
        assert np.array_equal(seen.image[y1:y2, x1:x2], photos[0].image[50:70, 60:120])
        sizes.add(seen.image.shape[:2])
    assert len(sizes) > 20


def turned_decoy(photo: Photo) -> Photo:
    """The photo with its plate as a decoy."""
    return replace(photo, boxes=photo.decoys, texts=(), decoys=photo.boxes)


def test_decoys_move_as_plates_do(photos: list[Photo]) -> None:
    photo = turned_decoy(photos[0])
    views = [mirrored(photo), *(trimmed(photo, np.random.default_rng(seed)) for seed in range(9))]
    for seen in views:
        x1, y1, x2, y2 = seen.decoys[0].astype(int).tolist()
        assert np.array_equal(seen.image[y1:y2, x1:x2], photo.image[50:70, 60:120])


def test_decoys_are_shown_where_plates_would_be(photos: list[Photo]) -> None:
    decoys = [turned_decoy(photo) for photo in photos]
    for index in range(40):
        seen, plate = (draw_view(each, index, size=96, seed=5) for each in (decoys, photos))
        assert np.array_equal(seen.image, plate.image)
        assert not len(seen.boxes)


def test_a_squeezed_photo_is_widened_with_its_plates() -> None:
    boxes = np.array([[30, 40, 60, 60]], np.float32)
    square = Photo("drawn", "drawn", np.zeros((100, 100, 3), np.uint8), boxes, ("",))
    seen = unsqueezed(square, np.random.default_rng(0))
    height, width = seen.image.shape[:2]
    assert height == 100
    assert SQUEEZED[0] * 100 <= width <= SQUEEZED[1] * 100
    assert seen.boxes[0] == pytest.approx([0.3 * width, 40, 0.6 * width, 60])
    decoy = unsqueezed(turned_decoy(square), np.random.default_rng(0))
    assert np.array_equal(decoy.decoys, seen.boxes)


def test_a_photo_of_a_camera_s_proportions_stays(photos: list[Photo]) -> None:
    assert unsqueezed(photos[0], np.random.default_rng(0)) is photos[0]


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

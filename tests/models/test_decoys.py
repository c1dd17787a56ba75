"""Photos without plates for the detector: panels and signs, drawn over photos made here."""

from collections.abc import Callable

import numpy as np
import pytest

from models.training.common.photos import Photo
from models.training.drawing.decoys import part, with_decoys
from models.training.drawing.panels import Panel, draw_panel, draw_recess, draw_sign


def parts(photos: list[Photo], seed: int) -> list[Photo]:
    found = (part(photo, np.random.default_rng((seed, i))) for i, photo in enumerate(photos))
    return [each for each in found if each is not None]


@pytest.fixture
def photo() -> Photo:
    rng = np.random.default_rng(0)
    image = rng.integers(90, 130, (240, 400, 3)).astype(np.uint8)
    boxes = np.array([[150, 100, 240, 140], [4, 4, 14, 9]], np.float32)  # one is too small to cover
    return Photo("drawn", "drawn", image, boxes, ("ABC123", "DEF456"))


def test_a_covered_plate_is_no_label_any_more(photo: Photo) -> None:
    decoy = with_decoys(photo, np.random.default_rng(1))
    assert decoy.boxes.tolist() == [[4, 4, 14, 9]]
    assert decoy.texts == ("DEF456",)
    changed = np.abs(decoy.image.astype(int) - photo.image).max(axis=2) > 25
    assert changed[105:135, 155:235].mean() > 0.9
    assert photo.boxes.shape == (2, 4)


def test_what_was_laid_into_it_is_known(photo: Photo) -> None:
    decoys = [with_decoys(photo, np.random.default_rng(seed)) for seed in range(20)]
    assert {len(each.decoys) for each in decoys} == {1, 2, 3}  # the panel, and up to two signs
    for decoy in decoys:
        changed = np.abs(decoy.image.astype(int) - photo.image).max(axis=2) > 25
        changed[90:150, 140:250] = False  # around the panel
        for x1, y1, x2, y2 in decoy.decoys.astype(int).tolist():
            changed[max(0, y1 - 20) : y2 + 20, max(0, x1 - 20) : x2 + 20] = False
        assert not changed.any()
        assert decoy.decoys[0].tolist() == photo.boxes[0].tolist()


def test_a_plate_that_fills_the_photo_stays(photo: Photo) -> None:
    boxes = np.array([[50, 60, 350, 180]], np.float32)
    near = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    assert with_decoys(near, np.random.default_rng(1)).texts == ("ABC123",)


def test_a_distant_plate_stays(photo: Photo) -> None:
    boxes = np.array([[150, 100, 189, 120]], np.float32)
    far = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    assert with_decoys(far, np.random.default_rng(1)).texts == ("ABC123",)


def test_no_panel_is_light_as_plates_are() -> None:
    grounds = [np.median(draw_panel(np.random.default_rng(seed), 3.0).image) for seed in range(200)]
    assert max(grounds) < 128


def test_a_part_of_a_photo_touches_no_plate(photo: Photo) -> None:
    marked = photo.image.copy()
    for x1, y1, x2, y2 in photo.boxes.astype(int).tolist():
        marked[y1:y2, x1:x2] = 255
    drawn = Photo(photo.name, photo.source, marked, photo.boxes, photo.texts)
    found = parts([drawn] * 30, 1)
    assert len(found) > 20
    assert all(each.image.max() < 255 and not len(each.boxes) for each in found)
    assert all(min(each.image.shape[:2]) > 60 for each in found)
    assert len({each.image.shape for each in found}) > 5


def test_a_poster_shows_a_part_too(photo: Photo) -> None:
    image = np.zeros((400, 600, 3), np.uint8)
    image[:, 300:] = (0, 200, 0)
    bare = image.copy()
    wall = Photo(photo.name, photo.source, image, np.array([[290, 0, 310, 400]], np.float32), ("",))
    green = [(each.image[..., 1] == 200).mean() for each in parts([wall] * 60, 1)]
    mixed = [share for share in green if 0.2 < share < 0.95]
    assert 3 < len(mixed) < 25
    assert np.array_equal(image, bare)


def test_a_photo_that_a_plate_fills_has_no_part_without_it(photo: Photo) -> None:
    boxes = np.array([[20, 10, 380, 230]], np.float32)
    near = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    assert part(near, np.random.default_rng(1)) is None
    assert parts([near, photo], 1)


def test_signs_leave_plates_alone(photo: Photo) -> None:
    boxes = np.array([[50, 60, 350, 180]], np.float32)
    near = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    drawn = [with_decoys(near, np.random.default_rng(seed)) for seed in range(20)]
    plate = np.s_[60:180, 50:350]
    assert all(np.array_equal(each.image[plate], near.image[plate]) for each in drawn)
    assert any(not np.array_equal(each.image, near.image) for each in drawn)


def test_they_depend_on_the_seed_alone(photo: Photo) -> None:
    first, again, other = (
        with_decoys(photo, np.random.default_rng(seed)).image for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("draw", [draw_panel, draw_sign])
@pytest.mark.parametrize("aspect", [0.7, 2.9, 6.0])
def test_panels_have_the_asked_proportions(
    draw: Callable[[np.random.Generator, float], Panel], aspect: float
) -> None:
    for seed in range(10):
        panel = draw(np.random.default_rng(seed), aspect)
        height, width = panel.image.shape[:2]
        assert width / height == pytest.approx(aspect, rel=0.02)
        assert panel.alpha.shape == (height, width)


def test_a_recess_is_of_the_vehicles_colour_and_never_light() -> None:
    for seed in range(20):
        red = draw_recess(np.random.default_rng(seed), 2.9, (30, 30, 120)).image
        blue, _, most = np.median(red, axis=(0, 1)).tolist()
        assert most / blue == pytest.approx(4, rel=0.15)
        white = draw_recess(np.random.default_rng(seed), 2.9, (250, 250, 250)).image
        assert 60 < np.median(white) < 150


def test_some_covered_plates_leave_a_recess(photo: Photo) -> None:
    image = np.full_like(photo.image, (30, 30, 120))
    red = Photo(photo.name, photo.source, image, photo.boxes[:1], ("ABC123",))
    middles = [
        np.median(
            with_decoys(red, np.random.default_rng(seed)).image[108:132, 160:230], axis=(0, 1)
        )
        for seed in range(60)
    ]
    ratios = [most / max(1.0, blue) for blue, _, most in middles]
    assert 3 <= sum(3.4 < ratio < 4.2 for ratio in ratios) < 25

"""Photos without plates for the detector: panels and signs, drawn over photos made here."""

from collections.abc import Callable

import numpy as np
import pytest

from models.training.decoys import Panel, add_decoys, draw_panel, draw_sign, with_decoys
from models.training.photos import Photo


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


def test_a_plate_that_fills_the_photo_stays(photo: Photo) -> None:
    boxes = np.array([[50, 60, 350, 180]], np.float32)
    near = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    assert with_decoys(near, np.random.default_rng(1)).texts == ("ABC123",)


def test_signs_leave_plates_alone(photo: Photo) -> None:
    boxes = np.array([[50, 60, 350, 180]], np.float32)
    near = Photo(photo.name, photo.source, photo.image, boxes, ("ABC123",))
    drawn = [with_decoys(near, np.random.default_rng(seed)) for seed in range(20)]
    plate = np.s_[60:180, 50:350]
    assert all(np.array_equal(each.image[plate], near.image[plate]) for each in drawn)
    assert any(not np.array_equal(each.image, near.image) for each in drawn)


def test_they_depend_on_the_seed_alone(photo: Photo) -> None:
    first, again, other = (add_decoys([photo], seed)[0].image for seed in (1, 1, 2))
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

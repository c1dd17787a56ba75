"""Plates laid over photos keep to their place and take on the photo's looks."""

import cv2
import numpy as np
import pytest

from app.lab.synth import Image, LabelledPlate, draw_photo, draw_spec, overlay
from app.lab.synth.photo.overlay import MARGIN

BOX = (210.0, 140.0, 330.0, 182.0)


def photo_with_plate(*, white: int = 210, blur: float = 0.8, noise: float = 0.0) -> Image:
    """A grey car with a lettered plate in BOX."""
    rng = np.random.default_rng(0)
    picture = np.full((320, 540, 3), 90, np.uint8)
    x1, y1, x2, y2 = (int(v) for v in BOX)
    picture[y1:y2, x1:x2] = white
    cv2.putText(picture, "OLD123", (x1 + 6, y2 - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20,) * 3, 3)
    soft = cv2.GaussianBlur(picture, (0, 0), blur).astype(float)
    return np.clip(soft + rng.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)


def plate_of(picture: Image, truth: LabelledPlate) -> Image:
    x1, y1, x2, y2 = (round(v) for v in truth.box)
    return picture[y1:y2, x1:x2]


def test_only_the_plate_changes() -> None:
    photo = photo_with_plate(noise=4)
    untouched = photo.copy()
    for seed in range(8):
        picture, truth = overlay(np.random.default_rng(seed), photo, BOX)
        assert np.array_equal(photo, untouched)
        assert picture.shape == photo.shape
        x1, y1, x2, y2 = (
            pick(a, b) for pick, a, b in zip((min, min, max, max), truth.box, BOX, strict=True)
        )
        reach = MARGIN * max(truth.box[3] - truth.box[1], BOX[3] - BOX[1]) + 1
        changed = np.argwhere((picture != photo).any(axis=2))
        assert changed[:, 0].min() >= y1 - reach
        assert changed[:, 0].max() <= y2 + reach
        assert changed[:, 1].min() >= x1 - reach
        assert changed[:, 1].max() <= x2 + reach


def test_middle_and_size_are_kept() -> None:
    for seed in range(8):
        _, truth = overlay(np.random.default_rng(seed), photo_with_plate(), BOX)
        x1, y1, x2, y2 = truth.box
        assert (x1 + x2) / 2 == pytest.approx(270, abs=8)
        assert (y1 + y2) / 2 == pytest.approx(161, abs=8)
        assert (x2 - x1) * (y2 - y1) == pytest.approx(120 * 42, rel=0.3)


def test_light_is_kept() -> None:
    spec = draw_spec(np.random.default_rng(0), "ABC123", "standard")
    levels = []
    for white in (70, 140, 230):
        picture, truth = overlay(
            np.random.default_rng(1), photo_with_plate(white=white), BOX, spec=spec, severity=0.0
        )
        levels.append(float(np.percentile(plate_of(picture, truth), 80)))
    assert levels[0] < levels[1] < levels[2]
    assert levels == pytest.approx([70, 140, 230], rel=0.2)


def test_sharpness_is_kept() -> None:
    spec = draw_spec(np.random.default_rng(0), "ABC123", "standard")
    slopes = []
    for blur in (0.6, 3.0):
        picture, truth = overlay(
            np.random.default_rng(1), photo_with_plate(blur=blur), BOX, spec=spec, severity=0.0
        )
        plate = plate_of(picture, truth).mean(axis=2)
        slopes.append(float(np.percentile(np.abs(np.diff(plate, axis=1)), 95)))
    assert slopes[0] > 1.8 * slopes[1]


def test_same_seed_same_photo() -> None:
    photo = photo_with_plate()
    one, two = (draw_photo(np.random.default_rng(9), photo, BOX, severity="hard") for _ in range(2))
    assert np.array_equal(one[0], two[0])
    assert one[1].box == two[1].box


def test_draw_photo_shrinks_to_the_wanted_height() -> None:
    photo = photo_with_plate()
    for seed in range(5):
        picture, truth = draw_photo(np.random.default_rng(seed), photo, BOX, severity="hard")
        assert picture.shape[0] <= photo.shape[0]
        assert truth.character_height < 31
        x1, y1, x2, y2 = truth.box
        assert 0 < x1 < x2 < picture.shape[1]
        assert 0 < y1 < y2 < picture.shape[0]


def test_a_box_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="no plate"):
        overlay(np.random.default_rng(0), photo_with_plate(), (10, 10, 12, 12))

"""Crops in which the reader is to read nothing, cut from photos made here."""

import numpy as np
import pytest

from models.training.common.photos import Photo
from models.training.common.slots import PAD
from models.training.reader.readings import Sources, draw_reading
from models.training.reader.views.blank import blank_crop, panel, window

PLATE = 255  # the plates of the photo are of this value, and nothing else is


@pytest.fixture
def photo() -> Photo:
    image = np.random.default_rng(0).integers(90, 130, (240, 400, 3)).astype(np.uint8)
    boxes = np.array([[150, 100, 240, 140], [4, 4, 14, 9]], np.float32)  # one is too small to cover
    for x1, y1, x2, y2 in boxes.astype(int).tolist():
        image[y1:y2, x1:x2] = PLATE
    return Photo("drawn", "drawn", image, boxes, ("ABC123", "DEF456"))


def test_a_panel_lies_where_its_box_is(photo: Photo) -> None:
    for seed in range(10):
        found = panel(photo, np.random.default_rng(seed))
        assert found is not None
        assert found[1] == pytest.approx([150, 100, 240, 140], abs=24)
        assert (found[0].image[105:135, 155:235] != PLATE).mean() > 0.6


def test_a_photo_without_near_plates_has_no_panel(photo: Photo) -> None:
    far = Photo(photo.name, photo.source, photo.image, photo.boxes[1:], ("DEF456",))
    assert panel(far, np.random.default_rng(1)) is None


def test_a_window_shows_no_plate_and_has_its_proportions(photo: Photo) -> None:
    drawn = [window(photo, np.random.default_rng(seed)) for seed in range(40)]
    windows = [each for each in drawn if each is not None]
    assert len(windows) > 20
    for shown, (left, top, right, bottom) in windows:
        assert shown.image.max() < PLATE
        assert min(left, top) >= 0
        assert right <= shown.image.shape[1]
        assert bottom <= shown.image.shape[0] + 1e-6
        assert (right - left) / (bottom - top) >= 1.2


def test_nothing_is_to_be_read_in_it(photo: Photo) -> None:
    crop = blank_crop([photo], np.random.default_rng(1))
    assert crop.text == ""
    assert min(crop.image.shape[:2]) >= 4
    reading = draw_reading(Sources(photos=[photo], blank_share=1.0), 3, 1)
    assert (reading.known.classes == PAD).all()
    assert np.isnan(reading.known.places).all()

"""Rendered scenes for the detector."""

import numpy as np

from models.training.drawing.overlaid import drawn_scenes


def test_drawn_scenes_show_a_whole_plate_each() -> None:
    first, second = drawn_scenes(2, 1)
    for scene in (first, second):
        ((x1, y1, x2, y2),) = scene.boxes.tolist()
        height, width = scene.image.shape[:2]
        assert 0 < x1 < x2 < width
        assert 0 < y1 < y2 < height
        assert scene.texts[0]
    assert first.texts != second.texts
    assert not np.array_equal(first.image, second.image)


def test_scenes_depend_on_the_seed_alone() -> None:
    (first,), (again,) = drawn_scenes(1, 3), drawn_scenes(1, 3)
    assert np.array_equal(first.image, again.image)
    assert first.texts == again.texts

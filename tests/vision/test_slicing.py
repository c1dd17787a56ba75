"""Windows cover the frame, and their sightings become one list of whole plates."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vision.detection.slicing import (
    OVERLAP,
    Sighting,
    grid,
    group_sightings,
    halves,
    is_cut,
    is_same_plate,
    windows_around,
)
from app.vision.types import Box, Detection

SIDES = st.integers(300, 6000)


def _covers(window: Box, box: Box) -> bool:
    return (
        window.x1 <= box.x1 and window.y1 <= box.y1 and box.x2 <= window.x2 and box.y2 <= window.y2
    )


@given(SIDES, SIDES, st.integers(2, 6))
def test_grid_shows_every_small_plate_whole(width: int, height: int, count: int) -> None:
    windows = grid(width, height, count)
    side = max(windows[0].width, windows[0].height)
    plate = min(int(side * OVERLAP) - 2, width, height)
    for x, y in itertools.product((0.0, 0.21, 0.5, 0.77, 1.0), repeat=2):
        left, top = int((width - plate) * x), int((height - plate) * y)
        box = Box(left, top, left + plate, top + plate)
        assert any(_covers(window, box) for window in windows)
    assert all(_covers(Box(0, 0, width, height), window) for window in windows)


@given(SIDES, SIDES)
def test_halves_are_two_where_the_frame_is_long(width: int, height: int) -> None:
    windows = halves(width, height)
    longer, shorter = max(width, height), min(width, height)
    assert len(windows) == (2 if shorter <= 1.25 * math.ceil(longer / 1.8) else 4)
    plate = min(longer // 10, shorter)
    for x, y in itertools.product((0.0, 0.21, 0.5, 0.77, 1.0), repeat=2):
        left, top = int((width - plate) * x), int((height - plate) * y)
        box = Box(left, top, left + plate, top + plate)
        assert any(_covers(window, box) for window in windows)
    for window in windows:
        assert _covers(Box(0, 0, width, height), window)
        assert max(window.width, window.height) <= longer / 1.44 + 2


@given(SIDES, SIDES, st.integers(2, 6))
def test_grid_has_its_count_along_the_longer_side(width: int, height: int, count: int) -> None:
    windows = grid(width, height, count)
    starts = {window.x1 for window in windows} if width >= height else {w.y1 for w in windows}
    assert len(starts) == count


@pytest.mark.parametrize(
    ("width", "height", "count", "windows"),
    [
        (1920, 1080, 2, 4),
        (1920, 1066, 2, 2),
        (1920, 1440, 2, 4),
        (1920, 1440, 3, 9),
        (3000, 400, 3, 3),
    ],
)
def test_grid_sizes(width: int, height: int, count: int, windows: int) -> None:
    assert len(grid(width, height, count)) == windows


BOXES = st.lists(
    st.tuples(st.integers(0, 1800), st.integers(0, 900), st.integers(5, 90), st.integers(5, 40)),
    min_size=1,
    max_size=12,
).map(lambda sizes: [Box(x, y, x + w, y + h) for x, y, w, h in sizes])


@given(BOXES)
def test_windows_around_show_every_box_whole(boxes: list[Box]) -> None:
    windows = windows_around(boxes, 1920, 1080, 640)
    assert len(windows) <= len(boxes)
    for window in windows:
        assert (window.width, window.height) == (640, 640)
        assert _covers(Box(0, 0, 1920, 1080), window)
    for box in boxes:
        assert any(_covers(window, box) for window in windows)


def test_windows_around_take_neighbours_together() -> None:
    near = [Box(100, 100, 140, 115), Box(300, 220, 340, 235), Box(420, 90, 450, 100)]
    assert len(windows_around(near, 1920, 1080, 640)) == 1
    assert len(windows_around([*near, Box(1800, 900, 1840, 915)], 1920, 1080, 640)) == 2


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        (Box(500, 200, 560, 220), False),
        (Box(400, 200, 460, 220), True),  # at the window's left border
        (Box(780, 200, 800, 220), True),  # at its right border
        (Box(500, 0, 560, 20), False),  # at the frame's border: all there is to see
        (Box(500, 380, 560, 400), True),  # at the window's lower border
    ],
)
def test_only_the_windows_own_border_cuts(box: Box, cut: bool) -> None:
    sighting = Sighting(Detection(box, 0.9), Box(400, 0, 800, 400))
    assert is_cut(sighting, 1920, 1080) is cut


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Box(102, 51, 181, 74), True),  # nearly the same box
        (Box(100, 50, 130, 73), True),  # a part of it
        (Box(60, 30, 220, 100), True),  # it lies inside
        (Box(150, 50, 230, 73), False),  # its neighbour
        (Box(100, 80, 180, 103), False),  # below it
    ],
)
def test_same_plate(other: Box, same: bool) -> None:
    box = Box(100, 50, 180, 73)
    assert is_same_plate(box, other) is same
    assert is_same_plate(other, box) is same


def test_groups_are_ordered_by_confidence_and_lose_nothing() -> None:
    window = Box(0, 0, 1000, 1000)
    plates = [
        Sighting(Detection(Box(10, 10, 90, 33), 0.5), window),
        Sighting(Detection(Box(500, 10, 580, 33), 0.8), window),
        Sighting(Detection(Box(12, 11, 91, 34), 0.9), window),
    ]
    groups = group_sightings(plates)
    assert [[seen.detection.confidence for seen in group] for group in groups] == [
        [0.9, 0.5],
        [0.8],
    ]

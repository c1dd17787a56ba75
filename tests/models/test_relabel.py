"""Labels that a teacher completes, tightens and doubts; the teacher is a list of boxes here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.training.common.photos import Photo
from models.training.detector.relabel import Findings, find, read_findings, revise

LABEL = [60.0, 50.0, 120.0, 70.0]


@pytest.fixture
def photo() -> Photo:
    image = np.zeros((200, 300, 3), np.uint8)
    return Photo("drawn", "dashcam-us", image, np.array([LABEL], np.float32), ("ABC123",))


class BrightSpots:
    """A teacher that finds each spot of one grey level where it sees it, at this least width."""

    def __init__(self, least: int) -> None:
        self._least = least

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = []
        for level in np.unique(image[image > 0]):
            rows, columns = np.nonzero((image == level).all(2))
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            share = (box[2] - box[0]) / image.shape[1]
            if share * 384 >= self._least:
                found.append((*box, level / 255))
        return np.asarray(found, np.float32).reshape(-1, 5)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([[*LABEL, 0.9]], [LABEL]),  # agreed
        ([[62, 52, 118, 68, 0.9]], [[62, 52, 118, 68]]),  # tightened
        ([[62, 52, 118, 68, 0.4]], [LABEL]),  # not sure enough to tighten
        ([[50, 45, 130, 75, 0.9]], [LABEL]),  # wider than the label
        ([[*LABEL, 0.9], [200, 50, 220, 58, 0.7]], [LABEL, [200, 50, 220, 58]]),  # one was missing
        ([[*LABEL, 0.9], [200, 50, 220, 58, 0.5]], [LABEL]),  # not sure enough to add
    ],
)
def test_revise(photo: Photo, found: list[list[float]], expected: list[list[float]]) -> None:
    revised = revise(photo, Findings("drawn", np.asarray(found, np.float32)))
    assert revised is not None
    assert revised.boxes.tolist() == expected
    assert revised.texts == ("ABC123", *[""] * (len(expected) - 1))
    assert photo.boxes.tolist() == [LABEL]


def test_other_photos_get_no_more_labels(photo: Photo) -> None:
    found = np.array([[*LABEL, 0.9], [200, 50, 220, 58, 0.9]], np.float32)
    revised = revise(replace(photo, source="experiment-plates"), Findings("drawn", found))
    assert revised is not None
    assert revised.boxes.tolist() == [LABEL]


@pytest.mark.parametrize("found", [[], [[*LABEL, 0.1]], [[200, 50, 220, 58, 0.9]]])
def test_a_photo_with_a_doubted_label_is_left_out(photo: Photo, found: list[list[float]]) -> None:
    assert revise(photo, Findings("drawn", np.asarray(found, np.float32).reshape(-1, 5))) is None


def test_small_plates_are_found_in_windows_and_once(photo: Photo) -> None:
    photo.image[50:70, 60:120] = 250
    photo.image[150:160, 200:215] = 200  # 19 pixels of 384 in the whole photo, 32 in a window
    assert [round(row[4] * 255) for row in find(BrightSpots(10), photo).boxes] == [250, 200]
    assert [round(row[4] * 255) for row in find(BrightSpots(25), photo).boxes] == [250, 200]
    found = find(BrightSpots(25), photo).boxes
    assert found[:, :4].tolist() == [LABEL, [200, 150, 215, 160]]


def test_what_a_window_cuts_is_not_found_there(photo: Photo) -> None:
    photo.image[100:110, 170:190] = 200  # windows end at 180 and at 120
    found = find(BrightSpots(1), photo).boxes
    assert found[:, :4].tolist() == [[170, 100, 190, 110]]


def test_findings_are_read_again(photo: Photo, tmp_path: Path) -> None:
    photo.image[50:70, 60:120] = 250
    first = read_findings(tmp_path / "findings.json", [photo], lambda: BrightSpots(1), 1)
    again = read_findings(tmp_path / "findings.json", [photo], lambda: BrightSpots(10_000), 1)
    assert first[0].boxes.tolist() == again[0].boxes.tolist()
    assert len(first[0].boxes) == 1

"""Less padding around wide frames changes the work, not the plates."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.building import build_detector
from app.config import Settings
from app.errors import ModelCorrupt
from app.vision.detector import PlateDetector
from app.vision.graph import optimize_detector
from app.vision.slicing import is_same_plate
from app.vision.types import Frame
from app.weights.resolve import resolve_weights
from tests.conftest import SHARED_WEIGHTS


@pytest.fixture(scope="module")
def settings(shared: Path) -> Settings:
    """The hub's detector, whose input can be cut."""
    names = {name.removeprefix("ALPR_").lower(): name for name in SHARED_WEIGHTS}
    paths = {field: shared / "models" / SHARED_WEIGHTS[name] for field, name in names.items()}
    return Settings.model_validate(paths)


def _detector(settings: Settings, padding: str) -> PlateDetector:
    chosen = settings.model_copy(update={"padding": padding})
    return build_detector(chosen, resolve_weights(chosen), threads=1)


@pytest.fixture(scope="module")
def square(settings: Settings) -> PlateDetector:
    return _detector(settings, "square")


@pytest.fixture(scope="module")
def tight(settings: Settings) -> PlateDetector:
    return _detector(settings, "tight")


def _photo(shared: Path, name: str, size: tuple[int, int]) -> Frame:
    photo = cv2.imread(str(shared / "data" / "photos" / name))
    assert photo is not None
    return cv2.resize(photo, size).astype(np.uint8)


def _names(shared: Path) -> list[str]:
    return [path.name for path in sorted((shared / "data" / "photos").glob("openalpr-eu-*"))[:12]]


def test_wide_frames_get_a_lower_input(square: PlateDetector, tight: PlateDetector) -> None:
    wide, high = np.zeros((720, 1280, 3), np.uint8), np.zeros((1280, 720, 3), np.uint8)
    assert square.to_input(wide)[0].shape == (1, 3, 416, 416)
    assert tight.to_input(wide)[0].shape == (1, 3, 256, 416)
    assert tight.to_input(high)[0].shape == (1, 3, 416, 416)


def test_wide_frames_have_the_same_plates(
    shared: Path, square: PlateDetector, tight: PlateDetector
) -> None:
    found = 0
    for name in _names(shared):
        frame = _photo(shared, name, (1280, 720))
        expected = square.detect(frame, 0.5)
        seen = tight.detect(frame, 0.3)
        for detection in expected:
            assert any(is_same_plate(detection.box, other.box) for other in seen)
        found += len(expected)
    assert found >= 10


def test_other_frames_are_seen_as_before(
    shared: Path, square: PlateDetector, tight: PlateDetector
) -> None:
    for name in _names(shared)[:4]:
        frame = _photo(shared, name, (800, 600))
        assert tight.detect(frame) == square.detect(frame)


def test_networks_of_another_form_are_refused_at_start(shared: Path) -> None:
    ocr = shared / "models" / SHARED_WEIGHTS["ALPR_OCR_PATH"]
    with pytest.raises(ModelCorrupt, match="ALPR_PADDING=square"):
        optimize_detector(ocr, height=256)

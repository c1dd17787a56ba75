"""Less padding around wide frames changes the work, not the plates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.building import build_detector
from app.config import Settings
from app.errors import ModelCorrupt
from app.vision.backends.graph import optimize_detector, resizable_side
from app.vision.backends.sessions import Session
from app.vision.detection.detector import PlateDetector
from app.vision.detection.slicing import is_same_plate
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


@pytest.mark.parametrize(
    ("size", "height"),
    [
        ((1280, 720), 288),
        ((800, 500), 352),
        ((800, 600), None),
        ((600, 600), None),
        ((720, 1280), None),
    ],
)
def test_frames_get_the_lowest_input_that_leaves_a_border(
    tight: PlateDetector, size: tuple[int, int], height: int | None
) -> None:
    recorded = Recording(tight)
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    recorded.detect(frame, tight=True)
    recorded.detect(frame)
    assert recorded.shapes == [(1, 3, height or 416, 416), (1, 3, 416, 416)]


class Recording:
    """Notes the shapes that the networks of a detector are given."""

    def __init__(self, detector: PlateDetector) -> None:
        self.shapes: list[tuple[int, ...]] = []
        sessions = [detector.session, *(session for _, session in detector.lower)]
        square, *lower = [Spy(session, self.shapes) for session in sessions]
        self._detector = PlateDetector(square, min_confidence=0.4, lower=lower)
        self.detect = self._detector.detect


class Spy:
    """A session that notes the shape of its input."""

    def __init__(self, session: Session, shapes: list[tuple[int, ...]]) -> None:
        self._session, self._shapes = session, shapes
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs
        self.runtime = session.runtime

    def run(self, names: Sequence[str] | None, inputs: dict[str, Any], /) -> list[Any]:
        self._shapes += [tensor.shape for tensor in inputs.values()]
        return self._session.run(names, inputs)


@pytest.mark.parametrize("size", [(1280, 720), (800, 500)])
def test_less_padding_finds_the_same_plates(
    shared: Path, square: PlateDetector, tight: PlateDetector, size: tuple[int, int]
) -> None:
    found = 0
    for name in _names(shared):
        frame = _photo(shared, name, size)
        expected = square.detect(frame, 0.5)
        seen = tight.detect(frame, 0.3, tight=True)
        for detection in expected:
            assert any(is_same_plate(detection.box, other.box) for other in seen)
        found += len(expected)
    assert found >= 10


def test_frames_are_seen_as_before_unless_asked(
    shared: Path, square: PlateDetector, tight: PlateDetector
) -> None:
    for name in _names(shared)[:4]:
        frame = _photo(shared, name, (1280, 720))
        assert tight.detect(frame) == square.detect(frame)


def test_the_projects_own_detector_takes_less_padding(car: Frame) -> None:
    own = Settings()
    detector = build_detector(own, resolve_weights(own), threads=1)
    assert [height for height, _ in detector.lower] == [256, 320]
    (square,) = detector.detect(car)
    (lower,) = detector.detect(car, tight=True)
    assert is_same_plate(square.box, lower.box)


def test_networks_of_another_form_keep_their_input(shared: Path) -> None:
    ocr = shared / "models" / SHARED_WEIGHTS["ALPR_OCR_PATH"]
    assert resizable_side(ocr) is None
    with pytest.raises(ModelCorrupt, match="anchors"):
        optimize_detector(ocr, height=256)

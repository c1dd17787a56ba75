"""How often and where the detector looks."""

import dataclasses
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.building import build_pipeline
from app.config import Settings
from app.vision.detection.search import Detail, PlateFilter, PlateSearch, SearchLimits
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import Box, Detection, Frame
from app.weights.resolve import resolve_weights
from tests.conftest import SHARED_WEIGHTS

LIMITS = SearchLimits(slice_confidence=0.5, auto_passes=9, high_passes=48)
FILTER = PlateFilter(0.6, 7.5, 1.9)
LOW = ReadOptions(0.4, "off", "low")


class MarkedPlates:
    """Stands in for a detector: grey level n marks a plate seen only in views small enough.

    A plate painted with level v is reported where the view is at most v times 10 pixels long,
    with confidence 0.9, else as a doubtful one with 0.1 if `hints`.
    """

    size = 416

    def __init__(self, *, hints: bool) -> None:
        self.hints = hints
        self.views: list[tuple[int, int]] = []

    def detect(
        self, frame: Frame, min_confidence: float | None = None, *, tight: bool = False
    ) -> list[Detection]:
        self.views.append((frame.shape[1], frame.shape[0]))
        found: list[Detection] = []
        for level in np.unique(frame[:, :, 0]):
            if level == 0:
                continue
            rows, columns = np.nonzero(frame[:, :, 0] == level)
            box = Box(
                int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
            )
            sharp = max(frame.shape[:2]) <= int(level) * 10
            found.append(Detection(box, 0.9 if sharp else 0.1))
        return [
            detection
            for detection in found
            if detection.confidence >= (min_confidence or 0)
            and (self.hints or detection.confidence > 0.5)
        ]


def _search(detector: MarkedPlates, limits: SearchLimits = LIMITS) -> PlateSearch:
    return PlateSearch(detector, detector, plate_filter=FILTER, limits=limits)  # type: ignore[arg-type]


def _frame(*plates: tuple[int, int, int]) -> Frame:
    """A 1920 x 1080 frame with plates of 60 x 20 at (x, y) painted with a level."""
    frame = np.zeros((1080, 1920, 3), np.uint8)
    for x, y, level in plates:
        frame[y : y + 20, x : x + 60] = level
    return frame


@pytest.mark.parametrize(
    ("detail", "hints", "passes", "found"),
    [("low", True, 1, 1), ("auto", True, 2, 2), ("auto", False, 1, 1), ("high", False, 17, 2)],
)
def test_passes_by_detail(detail: Detail, hints: bool, passes: int, found: int) -> None:
    detector = MarkedPlates(hints=hints)
    frame = _frame((200, 300, 250), (1500, 700, 70))  # the second shows in views up to 700 only
    frame[300:330, 200:380] = 250  # near enough to be what the camera looks at
    result = _search(detector).find(frame, min_confidence=0.4, detail=detail)
    assert (result.passes, len(result.found)) == (passes, found)
    assert len(detector.views) == passes


def test_auto_looks_everywhere_once_where_nothing_is_seen() -> None:
    result = _search(MarkedPlates(hints=False)).find(
        _frame((900, 500, 110)), min_confidence=0.4, detail="auto"
    )
    assert result.passes == 1 + 2
    assert [found.boxes[0] for found in result.found] == [Box(900, 500, 960, 520)]
    assert not result.found[0].in_frame


@pytest.mark.parametrize(
    ("width", "height", "plate", "passes"),
    [
        (1920, 1080, 160, 1),  # it fills a twelfth of the picture
        (1920, 1080, 158, 3),
        (1080, 1920, 158, 3),
        (1920, 1280, 100, 3),
        (1600, 1200, 100, 5),
        (640, 480, 30, 1),
    ],
)
def test_auto_spends_passes_where_the_plate_is_far(
    width: int, height: int, plate: int, passes: int
) -> None:
    frame = np.zeros((height, width, 3), np.uint8)
    frame[300:330, 200 : 200 + plate] = 250
    detector = MarkedPlates(hints=True)
    result = _search(detector).find(frame, min_confidence=0.4, detail="auto")
    assert (result.passes, len(result.found)) == (passes, 1)
    assert detector.views[0] == (width, height)
    for view in detector.views[1:]:
        assert max(view) <= max(width, height) / 1.5 + 1


def test_a_near_plate_does_not_hide_a_doubtful_one() -> None:
    frame = _frame((1500, 700, 70))  # shows in views up to 700 only
    frame[300:330, 200:380] = 250
    result = _search(MarkedPlates(hints=True)).find(frame, min_confidence=0.4, detail="auto")
    assert (result.passes, len(result.found)) == (2, 2)


def test_doubts_are_looked_at_where_nothing_else_was_found() -> None:
    frame = _frame((900, 500, 70))  # shows in views up to 700 only
    result = _search(MarkedPlates(hints=True)).find(frame, min_confidence=0.4, detail="auto")
    assert result.passes == 1 + 2 + 1
    assert [found.boxes[0] for found in result.found] == [Box(900, 500, 960, 520)]
    limits = dataclasses.replace(LIMITS, auto_passes=3)
    bounded = _search(MarkedPlates(hints=True), limits)
    assert bounded.find(frame, min_confidence=0.4, detail="auto").passes == 3


def test_boxes_to_be_judged_are_found_from_a_low_score_on() -> None:
    """And what two looks show of one plate is one."""
    limits = dataclasses.replace(LIMITS, candidates=0.05)
    frame = _frame((1500, 700, 70))
    frame[300:330, 200:380] = 250
    result = _search(MarkedPlates(hints=True), limits).find(
        frame, min_confidence=0.99, detail="auto"
    )
    assert sorted((each.confidence, len(each.boxes)) for each in result.found) == [
        (0.9, 1),
        (0.9, 2),
    ]
    low = _search(MarkedPlates(hints=True), limits).find(frame, min_confidence=0.99, detail="low")
    assert sorted(each.confidence for each in low.found) == [0.1, 0.9]
    assert low.rejected == {}


def test_a_plate_on_a_border_between_windows_is_found_once_and_whole() -> None:
    for x in range(560, 760, 17):
        result = _search(MarkedPlates(hints=False)).find(
            _frame((x, 500, 80)), min_confidence=0.4, detail="high"
        )
        assert [found.boxes[0] for found in result.found] == [Box(x, 500, x + 60, 520)]


def test_small_frames_are_looked_at_once() -> None:
    detector = MarkedPlates(hints=True)
    _search(detector).find(np.zeros((480, 640, 3), np.uint8), min_confidence=0.4, detail="high")
    assert detector.views == [(640, 480)]


def test_passes_are_limited() -> None:
    limits = SearchLimits(slice_confidence=0.5, auto_passes=2, high_passes=8)
    search = _search(MarkedPlates(hints=False), limits)
    assert search.find(_frame(), min_confidence=0.4, detail="auto").passes == 2
    # A whole grid of 3 x 2 windows fits, one of 4 x 3 and the 2 x 2 above it does not.
    assert search.find(_frame(), min_confidence=0.4, detail="high").passes == 7


def test_twelve_megapixels_are_searched_from_edge_to_edge() -> None:
    detector = MarkedPlates(hints=False)
    frame = np.zeros((3000, 4000, 3), np.uint8)
    frame[2970:2990, 3930:3990] = 85
    result = _search(detector).find(frame, min_confidence=0.4, detail="high")
    assert result.passes <= LIMITS.high_passes
    assert [found.boxes[0] for found in result.found] == [Box(3930, 2970, 3990, 2990)]


def test_a_deadline_drops_passes_not_the_answer() -> None:
    frame = _frame((200, 300, 250))
    result = _search(MarkedPlates(hints=True)).find(
        frame, min_confidence=0.4, detail="high", deadline=time.monotonic() - 1
    )
    assert (result.passes, result.skipped_passes, len(result.found)) == (1, 16, 1)


def test_low_is_one_look_at_the_frame(pipeline: PlatePipeline, car: Frame) -> None:
    """Boxes and confidences of `low` are the detector's own."""
    large = cv2.resize(car, None, fx=2, fy=2).astype(np.uint8)
    detections = pipeline.detector.detect(large, 0.4)
    result = pipeline.read_frame(large, LOW)
    assert result.passes == 1
    assert sorted((p.detection.box, p.detection.confidence) for p in result.plates) == sorted(
        (d.box.clipped(large.shape[1], large.shape[0]), d.confidence) for d in detections
    )


@pytest.fixture(scope="module")
def hub_pipeline(shared: Path) -> PlatePipeline:
    names = {name.removeprefix("ALPR_").lower(): name for name in SHARED_WEIGHTS}
    paths = {field: shared / "models" / SHARED_WEIGHTS[name] for field, name in names.items()}
    settings = Settings.model_validate(paths)
    return build_pipeline(settings, resolve_weights(settings), threads=2)


@pytest.mark.slow
def test_auto_finds_distant_plates_on_real_photos(
    shared: Path, hub_pipeline: PlatePipeline
) -> None:
    """79 photos with 101 plates; the bounds are those the feature was accepted with."""
    labels = (shared / "data" / "nz_real" / "labels.csv").read_text().splitlines()[1:]
    texts: dict[str, list[str]] = {}
    for line in labels:
        file, text = line.split(",")[:2]
        texts.setdefault(file, []).append(text)
    read = passes = 0
    for file, expected in texts.items():
        data = (shared / "data" / "nz_real" / file).read_bytes()
        result = hub_pipeline.read_bytes(data, ReadOptions(0.4, "off", "auto"))
        found = {plate.characters.text for plate in result.plates}
        read += sum(text in found for text in expected)
        passes += result.passes
    assert read >= 74
    assert passes <= 4 * len(texts)

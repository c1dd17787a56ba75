"""Pruning a detector's graph changes its cost, not its answers."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.vision.detector import PlateDetector
from app.vision.graph import KEPT_ANCHORS, prune_anchors
from app.vision.sessions import open_session
from tests.conftest import SHARED_WEIGHTS


@pytest.fixture(scope="module")
def network(shared: Path) -> Path:
    return shared / "models" / SHARED_WEIGHTS["ALPR_DETECTOR_PATH"]


def _detector(model: Path | bytes) -> PlateDetector:
    return PlateDetector(open_session(model, device="cpu", threads=1), min_confidence=0.4)


def test_pruned_detector_finds_the_same_to_the_bit(shared: Path, network: Path) -> None:
    pruned = prune_anchors(network)
    assert pruned != network.read_bytes()
    before, after = _detector(network), _detector(pruned)
    photos = sorted((shared / "data" / "photos").glob("openalpr-*.jpg"))[::8]
    assert len(photos) > 30
    found = 0
    for photo in photos:
        frame = cv2.imread(str(photo))
        assert frame is not None
        expected = before.detect(frame.astype(np.uint8), 0.05)
        assert after.detect(frame.astype(np.uint8), 0.05) == expected
        found += len(expected)
    assert found > len(photos)


def test_pruning_leaves_fewer_anchors_to_suppress(network: Path) -> None:
    """With no threshold at all the full graph reports up to 100 boxes; the pruned one no more."""
    noise = np.random.default_rng(1).integers(0, 256, (416, 416, 3), np.uint8)
    assert KEPT_ANCHORS < 3549
    assert len(_detector(prune_anchors(network)).detect(noise, 0.0)) <= 100


def test_other_networks_are_left_as_they_are(shared: Path) -> None:
    ocr = shared / "models" / SHARED_WEIGHTS["ALPR_OCR_PATH"]
    assert prune_anchors(ocr) == ocr.read_bytes()

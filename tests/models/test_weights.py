"""The committed weights: what their manifest says, what fast-alpr's own loaders need."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from fast_alpr import ALPR
from fast_alpr.base import BaseDetector
from open_image_models.detection.core.base import DetectionResult
from open_image_models.detection.core.yolo_v9.inference import YoloV9Detector

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((MODELS / "manifest.json").read_text())
    return content


class FileDetector(BaseDetector):
    """fast-alpr's detector interface around a file instead of a hub name."""

    def __init__(self, path: Path) -> None:
        self._detector = YoloV9Detector(
            path, ["License Plate"], conf_thresh=0.4, providers=["CPUExecutionProvider"]
        )

    def predict(self, frame: np.ndarray) -> list[DetectionResult]:
        return list(self._detector.predict(frame))


def _session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_files_are_those_of_the_manifest(manifest: dict[str, Any]) -> None:
    for entry in manifest.values():
        content = (MODELS / entry["file"]).read_bytes()
        assert len(content) == entry["size"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    config = (MODELS / manifest["ocr"]["config_file"]).read_bytes()
    assert hashlib.sha256(config).hexdigest() == manifest["ocr"]["config_sha256"]


def test_the_pair_is_small(manifest: dict[str, Any]) -> None:
    assert sum(entry["size"] for entry in manifest.values()) <= 25e6


@pytest.mark.parametrize("batch", [1, 3])
def test_detector_answers_any_batch(manifest: dict[str, Any], batch: int) -> None:
    session = _session(MODELS / manifest["detector"]["file"])
    assert session.get_inputs()[0].shape[1:] == [3, 384, 384]
    blank = np.full((batch, 3, 384, 384), 0.5, np.float32)
    table = session.run(["output0"], {"images": blank})[0]
    assert table.shape[1] == 7


@pytest.mark.parametrize("batch", [1, 3])
def test_reader_answers_probabilities_for_any_batch(manifest: dict[str, Any], batch: int) -> None:
    session = _session(MODELS / manifest["ocr"]["file"])
    crops = np.random.default_rng(0).integers(0, 256, (batch, 70, 140, 1)).astype(np.uint8)
    table = session.run(["plate"], {"input": crops})[0]
    assert table.shape == (batch, 9, 37)
    assert table.sum(-1) == pytest.approx(1, abs=1e-4)


def test_both_load_through_fast_alpr_and_read_a_drawn_car(
    manifest: dict[str, Any], car: Any
) -> None:
    alpr = ALPR(
        detector=FileDetector(MODELS / manifest["detector"]["file"]),
        ocr_model=None,
        ocr_model_path=MODELS / manifest["ocr"]["file"],
        ocr_config_path=MODELS / manifest["ocr"]["config_file"],
        ocr_providers=["CPUExecutionProvider"],
    )
    found = alpr.predict(np.ascontiguousarray(car))
    assert [result.ocr.text for result in found if result.ocr] == ["ABC123"]

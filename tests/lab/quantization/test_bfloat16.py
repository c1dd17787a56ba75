"""bfloat16 is emulated where no processor has it."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from app.config import Settings
from app.lab.quantization.bfloat16 import emulate, round_to_bfloat16
from app.vision.backends.graph import optimize_detector
from app.vision.backends.sessions import open_session
from app.vision.detection.detector import PlateDetector
from app.weights.resolve import resolve_weights


def test_rounds_to_the_nearest_of_8_bits() -> None:
    values = np.array([0, 1, -1, 1 + 2**-7, 1 + 2**-8, 1 + 3 * 2**-8, 257.1, np.pi], np.float32)
    expected = [0, 1, -1, 1 + 2**-7, 1, 1 + 2**-6, 258, 3.140625]
    assert round_to_bfloat16(values).tolist() == expected


@pytest.mark.slow
def test_an_emulated_detector_finds_the_same_plates(shared: Path, tmp_path: Path) -> None:
    exact = resolve_weights(Settings()).detector.path
    rounded = tmp_path / "rounded.onnx"
    onnx.save(emulate(exact.read_bytes()), rounded)
    before, after = (
        PlateDetector(
            open_session(optimize_detector(path), device="cpu", threads=1), min_confidence=0.4
        )
        for path in (exact, rounded)
    )
    overlaps, differences = [], []
    for photo in sorted((shared / "data" / "photos").glob("openalpr-*.jpg"))[::48]:
        frame = cv2.imread(str(photo))
        assert frame is not None
        seen = after.detect(frame.astype(np.uint8), 0.3)
        for expected in before.detect(frame.astype(np.uint8)):
            best = max(seen, key=lambda other: other.box.iou(expected.box))
            overlaps.append(best.box.iou(expected.box))
            differences.append(abs(best.confidence - expected.confidence))
    assert len(overlaps) >= 6
    assert min(overlaps) >= 0.9
    assert np.median(overlaps) >= 0.98
    assert 1e-5 < np.median(differences) < 0.02  # rounded, and not by much


def test_an_emulated_ocr_reads_nearly_the_same(tmp_path: Path) -> None:
    exact = resolve_weights(Settings()).ocr.path
    rounded = tmp_path / "rounded.onnx"
    onnx.save(emulate(exact.read_bytes()), rounded)
    before, after = (open_session(path, device="cpu", threads=1) for path in (exact, rounded))
    (port,) = before.get_inputs()
    crops = np.random.default_rng(3).integers(0, 256, (2, *port.shape[1:]), np.uint8)
    expected, found = (session.run(None, {port.name: crops})[0] for session in (before, after))
    assert found.shape == expected.shape
    assert 1e-6 < np.abs(found - expected).max() < 0.1


@pytest.mark.parametrize("kind", ["detector", "ocr"])
def test_what_is_computed_with_is_rounded(kind: str) -> None:
    weights = resolve_weights(Settings())
    path = (weights.detector if kind == "detector" else weights.ocr).path
    graph = emulate(path.read_bytes()).graph
    values = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    filters = [values[node.input[1]] for node in graph.node if node.op_type == "Conv"]
    assert len(filters) > 20
    for value in filters:
        assert np.array_equal(value, round_to_bfloat16(value))

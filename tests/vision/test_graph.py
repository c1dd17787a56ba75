"""Rewriting a detector's graph changes its cost, not its answers."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from app.vision.backends.graph import KEPT_ANCHORS, optimize_detector
from app.vision.backends.sessions import open_session
from app.vision.detection.detector import PlateDetector
from tests.conftest import SHARED_WEIGHTS


@pytest.fixture(scope="module")
def network(shared: Path) -> Path:
    return shared / "models" / SHARED_WEIGHTS["ALPR_DETECTOR_PATH"]


def _detector(model: Path | bytes) -> PlateDetector:
    return PlateDetector(open_session(model, device="cpu", threads=1), min_confidence=0.4)


def test_rewritten_detector_finds_the_same_to_the_bit(shared: Path, network: Path) -> None:
    rewritten = optimize_detector(network)
    assert rewritten != network.read_bytes()
    before, after = _detector(network), _detector(rewritten)
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


def test_the_costly_forms_are_gone(network: Path) -> None:
    graph = onnx.load_from_string(optimize_detector(network)).graph
    softmax = next(node for node in graph.node if node.op_type == "Softmax")
    inferred = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(optimize_detector(network))
    ).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in inferred.value_info
    }
    assert KEPT_ANCHORS in shapes[softmax.input[0]]
    produced = {name: node.op_type for node in graph.node for name in node.output}
    sliced = [produced.get(node.input[0]) for node in graph.node if node.op_type == "Slice"]
    assert "Mul" not in sliced  # no block cuts the output of its convolution


def test_other_networks_answer_the_same(shared: Path) -> None:
    ocr = shared / "models" / SHARED_WEIGHTS["ALPR_OCR_PATH"]
    crops = np.random.default_rng(2).integers(0, 256, (2, 64, 128, 3), np.uint8)
    before, after = (
        open_session(model, device="cpu", threads=1).run(None, {"input": crops})
        for model in (ocr, optimize_detector(ocr))
    )
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))

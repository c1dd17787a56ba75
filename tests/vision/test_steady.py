"""Shapes that stay the same from picture to picture change no answer."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from app.config import Settings
from app.vision.backends.graph import optimize_detector
from app.vision.backends.sessions import open_session
from app.vision.backends.steady import STEP
from app.vision.detection.detector import PlateDetector
from app.vision.recognizer import MAX_BATCH, PlateRecognizer, load_plate_config
from app.vision.types import Frame
from app.weights.resolve import MANIFEST, OWN_MODELS, Weights, resolve_weights
from tests.conftest import SHARED_WEIGHTS


@pytest.fixture(scope="module")
def own() -> Weights:
    if not (OWN_MODELS / MANIFEST).is_file():
        pytest.skip("the project's own weights are not here")
    return resolve_weights(Settings())


@pytest.fixture(scope="module")
def frames(shared: Path) -> list[Frame]:
    """Photos, and one on which nothing is found."""
    photos = sorted((shared / "data" / "photos").glob("openalpr-*.jpg"))[::24]
    read = (cv2.imread(str(photo)) for photo in photos)
    empty = np.zeros((384, 384, 3), np.uint8)
    return [empty, *(frame.astype(np.uint8) for frame in read if frame is not None)]


def _seen_by_refiner(model: bytes, frames: list[Frame]) -> list[int]:
    """How many plates the refiner is given for each frame."""
    network = onnx.load_from_string(model)
    regions = onnx.helper.make_tensor_value_info("refiner/regions", onnx.TensorProto.FLOAT, None)
    network.graph.output.append(regions)
    session = open_session(network.SerializeToString(), device="cpu", threads=1)
    detector = _detector(model)
    inputs = [detector.to_input(frame)[0] for frame in frames]
    return [len(session.run([regions.name], {"images": each})[0]) for each in inputs]


def _detector(model: bytes) -> PlateDetector:
    return PlateDetector(open_session(model, device="cpu", threads=1), min_confidence=0.4)


def test_filled_refiner_finds_the_same(own: Weights, frames: list[Frame]) -> None:
    path = own.detector.path
    plain, steady = (
        _detector(optimize_detector(path)),
        _detector(optimize_detector(path, steady=True)),
    )
    counts = set()
    for frame in frames:
        expected, found = plain.detect(frame, 0.0), steady.detect(frame, 0.0)
        assert [seen.box for seen in found] == [seen.box for seen in expected]
        assert [seen.confidence for seen in found] == pytest.approx(
            [seen.confidence for seen in expected], abs=1e-5
        )
        counts.add(len(expected))
    assert len(counts) > 2
    assert 0 in counts


def test_filled_refiner_sees_one_shape(own: Weights, frames: list[Frame]) -> None:
    path = own.detector.path
    assert len(set(_seen_by_refiner(optimize_detector(path), frames))) > 2
    assert set(_seen_by_refiner(optimize_detector(path, steady=True), frames)) == {STEP}


def test_detector_without_a_refiner_stays_as_it_is(shared: Path) -> None:
    hub = shared / "models" / SHARED_WEIGHTS["ALPR_DETECTOR_PATH"]
    assert optimize_detector(hub, steady=True) == optimize_detector(hub)


def test_full_batches_read_the_same(own: Weights) -> None:
    assert own.ocr.config is not None
    session = open_session(own.ocr.path, device="cpu", threads=1)
    config = load_plate_config(own.ocr.config)
    plain = PlateRecognizer(session, config)
    full = PlateRecognizer(session, config, full_batches=True)
    crops = list(np.random.default_rng(4).integers(0, 256, (MAX_BATCH + 3, 40, 120, 3), np.uint8))
    for count in (0, 1, MAX_BATCH, MAX_BATCH + 3):
        expected, read = plain.read(crops[:count]), full.read(crops[:count])
        assert [found.text for found in read] == [found.text for found in expected]
        for one, other in zip(read, expected, strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)

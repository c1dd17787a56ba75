"""Batches that are always full change no reading."""

import numpy as np
import pytest

from app.config import Settings
from app.vision.backends.sessions import open_session
from app.vision.recognizer import MAX_BATCH, PlateRecognizer, load_plate_config
from app.weights.resolve import MANIFEST, OWN_MODELS, Weights, resolve_weights


@pytest.fixture(scope="module")
def own() -> Weights:
    if not (OWN_MODELS / MANIFEST).is_file():
        pytest.skip("the project's own weights are not here")
    return resolve_weights(Settings())


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

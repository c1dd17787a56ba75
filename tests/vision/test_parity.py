"""The pipeline reads what fast-alpr 0.4.0 reads, with the same weights on the same photos."""

import csv
from pathlib import Path

import cv2
import onnxruntime as ort
import pytest
from fast_alpr import ALPR
from fast_alpr.base import BaseDetector
from open_image_models.detection.core.base import DetectionResult
from open_image_models.detection.core.yolo_v9.inference import YoloV9Detector
from starlette.testclient import TestClient

from app.api.application import create_app
from app.config import Settings
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import Frame


class ReferenceDetector(BaseDetector):
    """open-image-models' own detector on a file, which fast-alpr offers for hub names only."""

    def __init__(self, path: Path) -> None:
        self._detector = YoloV9Detector(
            str(path),
            class_labels=["License Plate"],
            conf_thresh=0.4,
            providers=["CPUExecutionProvider"],
            sess_options=_options(),
        )

    def predict(self, frame: Frame) -> list[DetectionResult]:
        found: list[DetectionResult] = self._detector.predict(frame)
        return found


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return options


@pytest.fixture(scope="module")
def reference(hub_settings: Settings) -> ALPR:
    assert hub_settings.detector_path is not None
    return ALPR(
        detector=ReferenceDetector(hub_settings.detector_path),
        ocr_model=None,
        ocr_device="cpu",
        ocr_model_path=str(hub_settings.ocr_path),
        ocr_config_path=str(hub_settings.ocr_config_path),
        ocr_sess_options=_options(),
    )


@pytest.fixture(scope="module")
def photos(shared: Path) -> list[Path]:
    folder = shared / "data" / "photos"
    with (folder / "labels.csv").open() as labels:
        files = {
            row["file"] for row in csv.DictReader(labels) if row["source"].startswith("openalpr")
        }
    return [folder / file for file in sorted(files)]


@pytest.fixture(scope="module")
def expected(reference: ALPR, photos: list[Path]) -> dict[Path, list[str]]:
    """Non-empty texts of fast-alpr for every eighth photo."""
    return {photo: _texts(reference, photo) for photo in photos[::8]}


def _texts(alpr: ALPR, photo: Path) -> list[str]:
    """In alphabetical order; an empty reading is no plate."""
    frame = cv2.imread(str(photo))
    assert frame is not None
    return sorted(
        result.ocr.text for result in alpr.predict(frame) if result.ocr and result.ocr.text
    )


def _ours(pipeline: PlatePipeline, photo: Path) -> list[str]:
    options = ReadOptions(min_confidence=0.4, enhance="off")
    plates = pipeline.read_bytes(photo.read_bytes(), options).plates
    return sorted(plate.characters.text for plate in plates)


def test_texts_are_those_of_fast_alpr(
    expected: dict[Path, list[str]], hub_pipeline: PlatePipeline
) -> None:
    assert len(expected) > 40
    for photo, texts in expected.items():
        assert _ours(hub_pipeline, photo) == texts, photo.name


@pytest.mark.slow
def test_all_texts_are_those_of_fast_alpr(
    reference: ALPR, photos: list[Path], hub_pipeline: PlatePipeline
) -> None:
    assert len(photos) == 330
    different = [
        photo.name for photo in photos if _ours(hub_pipeline, photo) != _texts(reference, photo)
    ]
    assert different == []


def test_over_http(
    expected: dict[Path, list[str]], hub_settings: Settings, photos: list[Path]
) -> None:
    with TestClient(create_app(hub_settings)) as client:
        for photo in photos[::16]:
            answer = client.post("/predict/file?detail=low", files={"file": photo.read_bytes()})
            texts = sorted(plate["plate"] for plate in answer.json()["plates"])
            assert texts == expected[photo], photo.name


def test_detector_and_recognizer_serve_fast_alpr(
    expected: dict[Path, list[str]], hub_pipeline: PlatePipeline, photos: list[Path]
) -> None:
    alpr = ALPR(detector=hub_pipeline.detector, ocr=hub_pipeline.recognizer)
    for photo in photos[::16]:
        assert _texts(alpr, photo) == expected[photo], photo.name

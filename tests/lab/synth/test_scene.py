"""The drawn vehicle photo: deterministic, and good enough for networks trained on real ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from fast_plate_ocr import LicensePlateRecognizer
from open_image_models.detection.core.yolo_v9.inference import YoloV9Detector

from app.lab.synth import Image, draw_crop, draw_scene, draw_spec


def test_scene_is_deterministic() -> None:
    one, two = (draw_scene(np.random.default_rng(1), width=640, height=480) for _ in range(2))
    assert one[0].shape == (480, 640, 3)
    assert np.array_equal(one[0], two[0])
    assert one[1].box == two[1].box


def test_scene_holds_its_plate() -> None:
    rng = np.random.default_rng(2)
    _, truth = draw_scene(rng, spec=draw_spec(rng, "KLM482", "standard"))
    assert truth.text == "KLM482"
    assert truth.readable
    x1, y1, x2, y2 = truth.box
    assert 0.08 * 1280 < x2 - x1 < 0.2 * 1280
    assert 0 < y1 < y2 < 960


@pytest.fixture(scope="module")
def recognizer(shared: Path) -> LicensePlateRecognizer:
    models = shared / "models"
    return LicensePlateRecognizer(
        onnx_model_path=models / "cct_xs_v2_global.onnx",
        plate_config_path=models / "cct_xs_v2_global_plate_config.yaml",
        providers=["CPUExecutionProvider"],
    )


def read(recognizer: LicensePlateRecognizer, crops: list[Image]) -> list[str]:
    return [found.plate for found in recognizer.run([_prepared(crop) for crop in crops])]


def _prepared(crop: Image) -> Image:
    """As the network wants it: 128 by 64, RGB."""
    return np.asarray(cv2.cvtColor(cv2.resize(crop, (128, 64)), cv2.COLOR_BGR2RGB), np.uint8)


def test_networks_find_and_read_the_scene(shared: Path, recognizer: LicensePlateRecognizer) -> None:
    detector = YoloV9Detector(
        shared / "models" / "yolo-v9-t-416-license-plates-end2end.onnx",
        class_labels=["License Plate"],
        providers=["CPUExecutionProvider"],
    )
    for seed in range(2):
        photo, truth = draw_scene(np.random.default_rng(seed))
        (found,) = detector.predict(photo)
        box = found.bounding_box
        assert found.confidence > 0.7
        assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx(truth.box, abs=12)
        assert read(recognizer, [photo[box.y1 : box.y2, box.x1 : box.x2]]) == [truth.text]


@pytest.mark.slow
def test_a_reader_of_real_plates_takes_easy_crops_for_real(
    recognizer: LicensePlateRecognizer,
) -> None:
    rng = np.random.default_rng(6)
    drawn = [draw_crop(rng, "easy") for _ in range(80)]
    drawn = [(crop, truth) for crop, truth in drawn if truth.readable]
    ready = [_prepared(crop) for crop, _ in drawn]
    found = recognizer.run(ready)
    texts = [plate.plate for plate in found]
    assert np.mean([plate.region == "New Zealand" for plate in found]) > 0.75
    right = np.mean([text == truth.text for text, (_, truth) in zip(texts, drawn, strict=True)])
    assert right > 0.88

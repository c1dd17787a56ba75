"""What the refiner learns from: regions around the boxes that a detector finds in drawn photos."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from models.training.detector.evaluate import OnnxDetector
from models.training.drawing.overlaid import drawn_scenes
from models.training.refiner.candidates import Candidates, draw_candidates, joined, pictures
from models.training.refiner.regions import ENLARGED, HEIGHT, RAYS, WIDTH, regions_of, shapes_of

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return OnnxDetector(MODELS / "nz-yolo-v9-t-384-end2end.onnx")


@pytest.fixture(scope="module")
def drawn(detector: OnnxDetector) -> Candidates:
    return draw_candidates(drawn_scenes(2, 1), detector, 0, 5, views=12)


def roi_align() -> ort.InferenceSession:
    """ONNX's own definition of a region."""
    node = helper.make_node(
        "RoiAlign",
        ["images", "boxes", "numbers"],
        ["regions"],
        output_height=HEIGHT,
        output_width=WIDTH,
        sampling_ratio=RAYS,
    )
    kinds = {"images": TensorProto.FLOAT, "boxes": TensorProto.FLOAT, "numbers": TensorProto.INT64}
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()]
    outputs = [helper.make_tensor_value_info("regions", TensorProto.FLOAT, None)]
    graph = helper.make_graph([node], "regions", inputs, outputs)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "box",
    [(180, 190, 212, 203), (100, 120, 220, 170.5), (150.3, 160.8, 171.2, 176.1)],
    ids=["small", "large", "between pixels"],
)
def test_regions_are_those_of_roi_align(box: tuple[float, float, float, float]) -> None:
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (48, 48, 3)).astype(np.float32)
    image = coarse.repeat(8, 0).repeat(8, 1).astype(np.uint8)
    corners = np.array(box, np.float32)
    centre, sides = (corners[:2] + corners[2:]) / 2, corners[2:] - corners[:2]
    around = np.stack(
        [
            np.concatenate([centre - sides * share / 2, centre + sides * share / 2])
            for share in ENLARGED
        ]
    )
    feed = {
        "images": image[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32),
        "boxes": around,
        "numbers": np.zeros(len(around), np.int64),
    }
    wanted = np.asarray(roi_align().run(None, feed)[0]).reshape(-1, HEIGHT, WIDTH)
    missed = np.abs(regions_of(image, corners) - wanted)
    assert missed.mean() < 1
    assert missed.max() < 12  # rays of cv2 lie on a grid of 1/32 px


def test_the_released_refiner_sees_what_it_was_trained_on() -> None:
    model = onnx.load(MODELS / "nz-yolo-v9-t-384-end2end.onnx")
    names = ["refiner/found", "refiner/regions", "refiner/shapes"]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    model.graph.output.extend(outputs)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    view = np.asarray(cv2.resize(drawn_scenes(1, 1)[0].image, (384, 384)), np.uint8)
    planes = np.ascontiguousarray(view[None, :, :, ::-1].transpose(0, 3, 1, 2))
    found, regions, shapes = session.run(names, {"images": planes.astype(np.float32) / 255})
    boxes = np.asarray(found)[:, 1:5]
    assert len(boxes)
    cut = np.stack([regions_of(view, box) for box in boxes])
    assert np.abs(cut - np.asarray(regions) * 255).mean() < 2
    assert np.allclose(shapes_of(boxes), shapes, atol=1e-4)


def test_shapes_are_of_width_and_of_proportions() -> None:
    boxes = np.array([[10, 10, 60, 35], [10, 10, 10, 10]], np.float32)
    shapes = shapes_of(boxes)
    assert shapes[0].tolist() == pytest.approx([0, np.log(2)], abs=1e-6)
    assert np.isfinite(shapes).all()


@pytest.mark.slow
def test_candidates_are_plates_and_others(drawn: Candidates) -> None:
    assert 5 < drawn.plates.sum() < len(drawn)
    assert drawn.regions.shape[1:] == (3 * len(ENLARGED), HEIGHT, WIDTH)
    assert drawn.scores.min() >= 0.05
    assert drawn.scores[drawn.plates].mean() > drawn.scores[~drawn.plates].mean()
    assert len(joined([drawn, drawn])) == 2 * len(drawn)


@pytest.mark.slow
def test_candidates_depend_on_number_and_seed_alone(detector: OnnxDetector) -> None:
    scenes = drawn_scenes(1, 1)
    first, again, other = (
        draw_candidates(scenes, detector, number, 5, views=2).regions for number in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_pictures_are_with_plates_and_with_decoys_in_their_place() -> None:
    shown = pictures(drawn_scenes(2, 1), 3)
    assert sum(len(photo.decoys) > 0 and not len(photo.boxes) for photo in shown) == 6
    assert sum(len(photo.boxes) > 0 for photo in shown) >= 6

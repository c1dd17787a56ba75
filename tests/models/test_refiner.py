"""The refiner: in training and inside the detector's file; run where requirements-train.txt is
installed."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="models/training/requirements-train.txt not installed")
pytest.importorskip("libreyolo", reason="models/training/requirements-train.txt not installed")

from models.training.common.loop import Course  # noqa: E402
from models.training.detector.train import as_input  # noqa: E402
from models.training.drawing.overlaid import drawn_scenes  # noqa: E402
from models.training.refiner.candidates import Candidates  # noqa: E402
from models.training.refiner.dcr import Refiner  # noqa: E402
from models.training.refiner.export import append_refiner, without_refiner  # noqa: E402
from models.training.refiner.regions import HEIGHT, WIDTH, regions_of, shapes_of  # noqa: E402
from models.training.refiner.train import batches, fit_bias, matched, varied  # noqa: E402

# All exports here use PyTorch's older exporter; the pinned version warns that it will go.
pytestmark = [
    pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning"),
]

DETECTOR = Path(__file__).resolve().parents[2] / "models/nz-yolo-v9-t-384-end2end.onnx"


@pytest.fixture(scope="module")
def plain() -> onnx.ModelProto:
    return without_refiner(onnx.load(DETECTOR))


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    torch.manual_seed(3)
    refiner = Refiner()
    refiner.eval()
    return refiner


def tables(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": images})[0])


def squares(count: int) -> list[np.ndarray]:
    return [np.asarray(cv2.resize(photo.image, (384, 384))) for photo in drawn_scenes(count, 1)]


def test_scores_are_multiplied_by_the_refiners_probability(
    plain: onnx.ModelProto, refiner: Refiner
) -> None:
    views = squares(6)
    before = tables(plain, as_input(views))
    after = tables(append_refiner(plain, refiner, 0.5), as_input(views))
    boxes = before[:, 1:5]
    assert len(before) > 3
    cut = np.stack(
        [regions_of(views[int(n)], box) for n, box in zip(before[:, 0], boxes, strict=True)]
    )
    with torch.no_grad():
        logits = refiner(
            torch.from_numpy(cut).float() / 255, torch.from_numpy(shapes_of(boxes))
        ).numpy()
    refined = before.copy()
    refined[:, 6] = before[:, 6] / (1 + np.exp(-(logits + 0.5)))
    refined = refined[np.argsort(-refined[:, 6], kind="stable")]
    assert np.allclose(after, refined, atol=2e-3)
    assert (np.diff(after[:, 6]) <= 0).all()


def test_nothing_found_is_nothing_refined(plain: onnx.ModelProto, refiner: Refiner) -> None:
    blank = np.zeros((2, 3, 384, 384), np.float32)
    assert tables(append_refiner(plain, refiner, 0.0), blank).shape == (0, 7)


def test_a_refiner_is_taken_out_and_replaced(plain: onnx.ModelProto, refiner: Refiner) -> None:
    torch.manual_seed(4)
    other = append_refiner(plain, Refiner(), 1.0)
    assert without_refiner(other) == plain
    assert append_refiner(other, refiner, 2.0) == append_refiner(plain, refiner, 2.0)


def candidates() -> Candidates:
    rng = np.random.default_rng(5)
    plates = np.arange(400) < 300
    return Candidates(
        rng.integers(0, 256, (400, 6, HEIGHT, WIDTH)).astype(np.uint8),
        rng.normal(0, 1, (400, 2)).astype(np.float32),
        np.where(np.arange(400) % 4 == 0, 0.5, 0.2).astype(np.float32),
        plates,
    )


def test_half_of_a_batch_are_plates_and_sure_errors_are_frequent() -> None:
    course = Course(
        draws=512,
        batch=64,
        seed=1,
        peak_rate=1e-3,
        report_every=64,
        warmup=4,
        most=1.0,
        memory=0.9,
    )
    given = candidates()
    drawn = list(batches(given, course, 0))
    assert len(drawn) == 8
    assert all(batch.plates.sum() == 32 for batch in drawn)
    again = list(batches(given, course, 256))
    assert np.array_equal(again[0].regions, drawn[4].regions)
    sure = {shape.tobytes() for shape in given.shapes[300:][given.scores[300:] == 0.5]}
    others = [shape.tobytes() for batch in drawn for shape in batch.shapes[batch.plates == 0]]
    assert np.mean([shape in sure for shape in others]) == pytest.approx(0.4, abs=0.1)


def test_a_varied_region_shows_the_same_place() -> None:
    rng = np.random.default_rng(7)
    regions = np.zeros((6, HEIGHT, WIDTH), np.uint8)
    regions[:, 10:22, 20:44] = 200
    seen = [varied(regions, rng) for _ in range(50)]
    middles = np.array([np.argwhere(each[0] > 100).mean(0) for each in seen])
    assert np.abs(middles - [15.5, 31.5]).max() < 8
    assert middles.std(0).min() > 0.5
    assert len({int(each.max()) for each in seen}) > 10


def test_plates_are_drawn_as_wide_as_the_others() -> None:
    rng = np.random.default_rng(6)
    plates, others = rng.normal(1, 1, 5000), rng.normal(0, 0.5, 5000)
    weights = np.where(others > 0, 3.0, 1.0)
    weights /= weights.sum()
    chances = matched(plates.astype(np.float32), others.astype(np.float32), weights)
    assert chances.sum() == pytest.approx(1)
    for edge in (-0.5, 0.0, 0.5):
        wanted = weights[others < edge].sum()
        assert chances[plates < edge].sum() == pytest.approx(wanted, abs=0.05)


def test_the_bias_errs_least() -> None:
    given = candidates()
    logits = np.where(given.plates, 0.0, -3.0).astype(np.float32)
    # 0.5 / (1 + exp(-bias)) reaches 0.4 at 1.39, and 0.5 / (1 + exp(3 - bias)) at 4.39
    assert fit_bias(logits, given, [0.0, 3.0, 6.0]) == {"bias": 3.0, "lost": 0.0, "left": 0.0}
    assert fit_bias(logits, given, [0.0]) == {"bias": 0.0, "lost": 1.0, "left": 0.0}

"""The detector's training, whole and small: packed, drawn, shown, broken off and taken up again."""

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models/training/requirements-train.txt not installed")
pytest.importorskip("libreyolo", reason="models/training/requirements-train.txt not installed")

from models.training.common.packing import unpack, write  # noqa: E402
from models.training.common.photos import Photo, read_photos  # noqa: E402
from models.training.detector.camera import look_again, moved  # noqa: E402
from models.training.detector.evaluate import OnnxDetector  # noqa: E402
from models.training.detector.pack import small, split  # noqa: E402
from models.training.detector.views import (  # noqa: E402
    MOST,
    Sources,
    draw_block,
    stock,
)

ROOT = Path(__file__).resolve().parents[2]


def photo(name: str = "drawn.jpg") -> Photo:
    """A grey wall with a light plate on it."""
    rng = np.random.default_rng(0)
    image = rng.integers(100, 120, (300, 500, 3)).astype(np.uint8)
    image[140:180, 200:320] = 220
    cv2.putText(image, "ABC123", (205, 172), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    boxes = np.array([[200, 140, 320, 180]], np.float32)
    return Photo(name, "pakistan-phone", image, boxes, ("",))


def bare(name: str = "bare.jpg") -> Photo:
    image = np.full((300, 500, 3), 90, np.uint8)
    return Photo(name, "hard-negatives", image, np.empty((0, 4), np.float32), ())


def sources() -> Sources:
    return Sources([photo(f"{i}.jpg") for i in range(4)] + [bare()])


def test_photos_that_stay_behind_are_shown_to_nobody() -> None:
    photos = [photo(f"{i}.jpg") for i in range(11)]
    kept, held = split(photos, 5)
    assert [each.name for each in held] == ["4.jpg", "9.jpg"]
    assert not {each.name for each in kept} & {each.name for each in held}
    assert len(kept) == 9
    assert split(photos, 0) == (photos, [])


def test_a_packed_photo_is_small_and_keeps_its_label(tmp_path: Path) -> None:
    write(tmp_path / "pack", {"photos": ([small(photo(), 250), bare()], 90)})
    unpack(tmp_path / "pack", tmp_path / "out")
    empty, labelled = read_photos(tmp_path / "out" / "photos")
    assert labelled.image.shape == (150, 250, 3)
    assert labelled.boxes.tolist() == [[100, 70, 160, 90]]
    assert not len(empty.boxes)


def test_a_block_depends_on_its_number_and_seed_alone() -> None:
    pictures = np.zeros((3, 6, 96, 96, 3), np.uint8)
    first, again, other = (
        draw_block(sources(), number, 1, pictures[i]) for i, number in enumerate((0, 0, 6))
    )
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(first.boxes, again.boxes)
    assert not np.array_equal(pictures[0], pictures[2])
    assert first.boxes.shape == (6, MOST, 4)
    assert not first.boxes[first.plates == 0].any()
    assert (first.boxes[first.plates == 1, 2] > 0).all()
    assert other.plates.any()


def test_a_block_shows_plates_decoys_and_photos_without_either() -> None:
    photos = stock(sources(), np.random.default_rng(1))
    assert any(len(each.boxes) and not len(each.decoys) for each in photos)
    assert any(len(each.decoys) for each in photos)
    assert any(not len(each.subjects) for each in photos)


def test_a_box_moves_with_what_is_shown_there() -> None:
    light = torch.full((24, 3, 128, 128), 60.0)
    light[:, :, 50:70, 40:90] = 250.0
    boxes = torch.zeros(24, MOST, 4)
    boxes[:, 0] = torch.tensor([40.0, 50, 90, 70])
    seen, there = moved(light, boxes, np.random.default_rng(2))
    shift = 0.0
    for image, box in zip(seen[:, 0].numpy(), there[:, 0].numpy(), strict=True):
        rows, columns = np.nonzero(image > 155)
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert box == pytest.approx(found, abs=1.6)
        shift = max(shift, abs(float(box[0]) - 40))
    assert shift > 4
    assert not there[:, 1:].any()


def test_a_plate_that_leaves_the_view_is_none_any_more() -> None:
    boxes = torch.zeros(200, MOST, 4)
    boxes[:, 0] = torch.tensor([0.0, 50, 20, 60])
    _, there = moved(torch.zeros(200, 3, 128, 128), boxes, np.random.default_rng(3))
    width = there[:, 0, 2] - there[:, 0, 0]
    assert (width == 0).any()
    assert (width[width > 0] > 6).all()


def test_what_another_camera_sees_is_a_picture_and_each_time_another() -> None:
    pictures = np.zeros((16, 96, 96, 3), np.uint8)
    known = draw_block(sources(), 0, 1, pictures)
    before = pictures.copy()
    given, boxes, plates = (torch.from_numpy(each) for each in (pictures, *known))
    shown = [look_again(given, boxes, plates, np.random.default_rng(seed)) for seed in range(4)]
    for images, seen in shown:
        assert images.shape == (16, 3, 96, 96)
        assert images.isfinite().all()
        assert images.min() >= 0
        assert images.max() <= 1
        assert not seen[plates != 1].any()
    assert not torch.equal(shown[0][0], shown[1][0])
    assert np.array_equal(given.numpy(), before)


def test_calls_continue_each_other(tmp_path: Path) -> None:
    """The dry run of what a GPU is lent for: the second call knows the small parts alone."""
    photos = [photo(f"{i}.jpg") for i in range(6)] + [bare()]
    kinds = {"photos": (photos, 90), "validation": (photos[:2], 90)}
    write(tmp_path / "pack", kinds)
    out = tmp_path / "out"

    def call(run: str, *more: str) -> list[dict[str, str]]:
        command = [sys.executable, "-W", "ignore", "-m", "models.training.detector"]
        command += ["--pack", str(tmp_path / "pack"), "--run", str(tmp_path / run)]
        command += ["--out", str(out), "--batch", "2", "--least", "128", "--capacity", "128"]
        command += ["--ahead", "1", "--scenes", "0", "--warmup", "1", "--seconds", "1000", *more]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=900)
        with (tmp_path / run / "progress.csv").open(newline="") as stream:
            return list(csv.DictReader(stream))

    weights = ROOT / "models" / "nz-yolo-v9-t-384-end2end.onnx"
    first = call("first", "--call-seconds", "0.1", "--start-from", str(weights))
    assert float(first[-1]["recall"]) == 1.0  # the released weights find what is drawn here
    second = call("second", "--call-seconds", "0.1", "--resume", str(out))
    assert int(second[-1]["draws"]) > int(first[-1]["draws"]) >= 2
    assert int(second[-1]["drawn"]) > int(first[-1]["drawn"])
    assert float(second[-1]["spent"]) > float(first[-1]["spent"]) >= 0.1
    assert OnnxDetector(out / "detector.onnx")(photo().image).shape[1] == 5

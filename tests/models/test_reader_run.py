"""The reader's training, whole and small: packed, drawn, shown, broken off and taken up again."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="models/training/requirements-train.txt not installed")

from models.training.common.camera import compressed  # noqa: E402
from models.training.common.checkpoint import PART, join_parts, write_parts  # noqa: E402
from models.training.common.crops import Reader, RealCrop  # noqa: E402
from models.training.common.packing import unpack, write  # noqa: E402
from models.training.common.photos import Photo, read_photos  # noqa: E402
from models.training.common.released import restore_reader  # noqa: E402
from models.training.common.slots import HEIGHT, SLOTS, WIDTH  # noqa: E402
from models.training.reader.export import export  # noqa: E402
from models.training.reader.mobilevit import PlateReader  # noqa: E402
from models.training.reader.pack import around, near_photos, plain_photos, real_photos  # noqa: E402
from models.training.reader.readings import Known  # noqa: E402
from models.training.reader.views.camera import look_again, moved, recorded  # noqa: E402
from models.training.reader.views.ring import Crops  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def photo(name: str = "drawn.jpg") -> Photo:
    """A grey wall with a light plate on it."""
    image = np.full((300, 500, 3), 110, np.uint8)
    image[140:180, 200:320] = 220
    cv2.putText(image, "ABC123", (205, 172), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    boxes = np.array([[200, 140, 320, 180]], np.float32)
    return Photo(name, "drawn", image, boxes, ("ABC123",))


def crops(count: int, seed: int = 0) -> tuple[Any, Any, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.integers(0, 256, (count, HEIGHT, WIDTH)).astype(np.uint8))
    room = np.linspace(0, 1, count, dtype=np.float32)
    return images, torch.full((count, SLOTS, 2), 0.5), room


def test_a_place_moves_with_what_is_shown_there() -> None:
    light = torch.zeros(24, 1, HEIGHT, WIDTH)
    light[:, :, 20:24, 90:94] = 255.0
    places = torch.full((24, SLOTS, 2), float("nan"))
    places[:, 0] = torch.tensor([92 / WIDTH, 22 / HEIGHT])
    seen, there = moved(light, places, np.ones(24, np.float32), np.random.default_rng(1))
    shift = 0.0
    for image, place in zip(seen[:, 0].numpy(), there[:, 0].numpy(), strict=True):
        rows, columns = np.nonzero(image > 100)
        middle = (np.mean(columns) + 0.5, np.mean(rows) + 0.5)
        assert middle == pytest.approx(place * (WIDTH, HEIGHT), abs=1.0)
        shift = max(shift, abs(float(middle[0]) - 92))
    assert shift > 3
    assert there[:, 1:].isnan().all()


def test_what_another_camera_sees_is_a_picture_and_each_time_another() -> None:
    images, places, room = crops(40)
    shown = [look_again(images, places, room, np.random.default_rng(seed)) for seed in range(6)]
    for each in shown:
        assert each.images.shape == (40, 1, HEIGHT, WIDTH)
        assert each.images.isfinite().all()
        assert each.images.min() >= 0
        assert each.images.max() <= 255
        assert each.images.flatten(1).std(1).median() > 5
    assert not torch.equal(shown[0].images, shown[1].images)


def test_crops_without_room_are_recorded_nearly_as_they_are() -> None:
    smooth = torch.linspace(40, 200, WIDTH).expand(32, 1, HEIGHT, WIDTH).contiguous()
    torch.manual_seed(2)
    gone = [
        (recorded(smooth, np.full(32, room, np.float32), np.random.default_rng(seed)) - smooth)
        .abs()
        .mean()
        for room in (0.0, 1.0)
        for seed in range(8)
    ]
    assert np.median(gone[:8]) < np.median(gone[8:])


def test_compression_is_that_of_jpeg_and_the_worse_the_lower_its_quality() -> None:
    picture = cv2.GaussianBlur(
        np.random.default_rng(3).integers(0, 256, (64, 96)).astype(np.uint8), (0, 0), 2
    )
    light = torch.from_numpy(picture)[None, None].float()
    for quality in (15, 50, 90):
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        expected = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), float)
        coded = compressed(light, np.array([float(quality)]), (0, 0))[0, 0].numpy()
        assert np.abs(coded - expected).mean() < 0.8
    worse, better = (
        float((compressed(light, np.array([q]), (3, 5)) - light).abs().mean()) for q in (10.0, 90.0)
    )
    assert worse > 2 * better


def test_the_ring_keeps_the_latest_and_gives_them_by_room() -> None:
    ring = Crops(4, torch.device("cpu"))
    with pytest.raises(ValueError, match="nothing"):
        ring.draw(1, np.random.default_rng(0))
    for value in range(3):
        known = Known(
            np.full((2, SLOTS), value),
            np.full((2, SLOTS, 2), value / 10, np.float32),
            np.full(2, 1 - value / 2, np.float32),
        )
        ring.add(np.full((2, HEIGHT, WIDTH), value, np.uint8), known)
    assert len(ring) == 4
    kept = ring.draw(64, np.random.default_rng(0))
    assert set(kept.images[:, 0, 0].tolist()) == {1, 2}
    assert torch.equal(kept.images[:, 0, 0].long(), kept.classes[:, 0])
    assert kept.room[0] == 0.0
    assert kept.room[-1] == 0.5


def test_a_checkpoint_survives_its_parts(tmp_path: Path) -> None:
    weight = torch.randn(PART // 4)
    state = {"network": {"weight": weight}, "spent": 3.0}
    write_parts(tmp_path, state)
    parts = sorted(tmp_path.glob("checkpoint-*.part"))
    assert len(parts) == 2
    assert all(part.stat().st_size <= PART for part in parts)
    join_parts(tmp_path, tmp_path / "checkpoint.pt")
    again = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert torch.equal(again["network"]["weight"], weight)
    with pytest.raises(FileNotFoundError):
        join_parts(tmp_path / "nowhere", tmp_path / "other.pt")


def test_a_window_shows_the_plate_where_its_box_is() -> None:
    window = around(photo(), 0, "near.jpg")
    x1, y1, x2, y2 = window.boxes[0].astype(int).tolist()
    assert (x2 - x1, y2 - y1) == (120, 40)
    assert window.image[y1:y2, x1:x2].mean() > 150 > window.image[:y1].mean()


@pytest.mark.filterwarnings("ignore")  # of the exporter
def test_an_exported_reader_can_be_trained_on(tmp_path: Path) -> None:
    """Every weight is found in the file again, those of the slots' mixers among them."""
    torch.manual_seed(3)
    images, _, _ = crops(48)
    pixels = images[:, None].float()
    networks = [PlateReader(stem=8, middle=8, last=16, width=16) for _ in range(2)]
    networks[0].train()(pixels)  # statistics of its own
    export(networks[0], tmp_path / "ocr.onnx")
    restore_reader(networks[1], tmp_path / "ocr.onnx", pixels)
    with torch.no_grad():
        first, second = (network.eval()(pixels)[0] for network in networks)
    assert torch.allclose(first, second, atol=1e-3)


def packed(folder: Path) -> list[Path]:
    """A pack of a few drawn photos."""
    photos = [photo(f"{i}.jpg") for i in range(3)]
    image, box = photos[0].image[120:200, 180:340], (20.0, 20.0, 140.0, 60.0)
    real = [RealCrop(image, box, "ABC123")] * 3
    kinds = {
        "real": (list(real_photos(real, "real")), 95),
        "validation": (list(real_photos(real, "validation")), 95),
        "near": (list(near_photos(photos, 2)), 90),
        "plain": (list(plain_photos(photos, 2)), 90),
    }
    return write(folder, kinds)


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    packed(tmp_path / "pack")
    unpack(tmp_path / "pack", tmp_path / "out")
    real = read_photos(tmp_path / "out" / "real")
    assert [each.texts for each in real] == [("ABC123",)] * 3
    assert real[0].boxes[0].tolist() == [20, 20, 140, 60]
    assert len(read_photos(tmp_path / "out" / "near")) == 2
    with pytest.raises(FileNotFoundError):
        unpack(tmp_path / "out", tmp_path / "again")


def test_calls_continue_each_other(tmp_path: Path) -> None:
    """The dry run of what a GPU is lent for: the second call knows the small parts alone."""
    packed(tmp_path / "pack")
    out = tmp_path / "out"

    def call(run: str, *more: str) -> list[dict[str, str]]:
        command = [sys.executable, "-W", "ignore", "-m", "models.training.reader"]
        command += ["--pack", str(tmp_path / "pack"), "--run", str(tmp_path / run)]
        command += ["--out", str(out), "--batch", "8", "--least", "64", "--capacity", "256"]
        command += ["--validation-crops", "8", "--warmup", "1", *more]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=900)
        with (tmp_path / run / "progress.csv").open(newline="") as stream:
            return list(csv.DictReader(stream))

    first = call("first", "--seconds", "1000", "--call-seconds", "0.1")
    second = call("second", "--seconds", "1000", "--call-seconds", "0.1", "--resume", str(out))
    assert int(first[-1]["draws"]) >= 8
    assert int(second[-1]["draws"]) > int(first[-1]["draws"])
    assert int(second[-1]["drawn"]) > int(first[-1]["drawn"])
    assert float(second[-1]["spent"]) > float(first[-1]["spent"]) >= 0.1
    spent = second[-1]["spent"]  # a planned time that is over leaves nothing to do
    call("second", "--seconds", spent, "--resume", str(out))
    table = Reader(out / "ocr.onnx", out / "ocr.yaml").probabilities([photo().image])
    assert table.shape == (1, SLOTS, 37)
    assert table.sum(-1) == pytest.approx(1, abs=1e-4)

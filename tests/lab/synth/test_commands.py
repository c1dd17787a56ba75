"""The folders that the commands write."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.lab.synth import draw_scene
from app.lab.synth.cli import main
from app.lab.synth.dataset import COLUMNS
from app.nz.formats import format_of


def labels_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A labels.csv beside two photos, of which one has a plate and is in the test split."""
    folder = tmp_path / "source"
    folder.mkdir()
    photo, truth = draw_scene(np.random.default_rng(0), width=640, height=480)
    cv2.imwrite(str(folder / "car.jpg"), photo)
    box = ",".join(f"{value:.0f}" for value in truth.box)
    (folder / "labels.csv").write_text(
        "file,split,x1,y1,x2,y2,text,source\n"
        f"car.jpg,test,{box},,here\ncar.jpg,train,{box},,there\nnone.jpg,test,,,,,,here\n"
    )
    return folder / "labels.csv"


def test_crops_are_rebuilt_from_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert main(["crops", str(tmp_path / name), "--count", "12", "--seed", str(seed)]) == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_labels_describe_the_crops(tmp_path: Path) -> None:
    options = ["--count", "10", "--severity", "hard", "--mix", "uniform"]
    assert main(["crops", str(tmp_path), *options]) == 0
    rows = labels_in(tmp_path)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 10
    for row in rows:
        assert cv2.imread(str(tmp_path / row["file"])) is not None
        found = format_of(row["text"])
        assert found is not None
        assert found.name == row["format"]
        assert row["level"] == "hard"


def test_photos_are_rebuilt_from_the_seed(tmp_path: Path, source: Path) -> None:
    for name in ("a", "b"):
        options = ["--count", "3", "--seed", "2", "--split", "test", "--sources", "here"]
        assert main(["photos", str(source), str(tmp_path / name), *options]) == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    rows = labels_in(tmp_path / "a")
    assert len({row["text"] for row in rows}) == 3
    for row in rows:
        assert row["source"] == "here/car.jpg"
        assert float(row["x1"]) < float(row["x2"])


def test_no_photo_to_draw_on(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--sources", "elsewhere"]
    assert main(["photos", str(source), str(tmp_path / "out"), *options]) == 1
    assert "No photo" in capsys.readouterr().err


def test_sheet_and_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", str(tmp_path / "sheet.png"), "--count", "7"]) == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] <= 1600
    assert main(["scene", str(tmp_path / "scene.jpg"), "--text", "KLM482"]) == 0
    assert capsys.readouterr().out.startswith("KLM482 ")
    assert main(["scene", str(tmp_path / "scene.jpg"), "--text", "TOOLONG1"]) == 1


def test_speed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", "--count", "4"]) == 0
    assert "crops/s on one core" in capsys.readouterr().out


def test_a_data_set_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["crops", str(tmp_path / "out"), "--count", "2"]
    assert main(arguments) == 0
    labels = (tmp_path / "out" / "labels.csv").read_bytes()
    assert main([*arguments, "--seed", "1"]) == 1
    assert "exists" in capsys.readouterr().err
    assert (tmp_path / "out" / "labels.csv").read_bytes() == labels

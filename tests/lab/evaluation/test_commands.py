import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.lab.calibration.samples import Samples
from app.lab.evaluation.results import load_evaluation
from app.vision.types import Frame
from tests.pictures import encode


@pytest.fixture
def _weights(weights_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in weights_environment.items():
        monkeypatch.setenv(name, value)


COLUMNS = ("file", "text", "x1", "y1", "x2", "y2", "condition", "source")


@pytest.fixture
def real_photos(shared: Path, tmp_path: Path) -> Path:
    """Photos of six large and clean plates, and two photos without a plate."""
    folder = tmp_path / "photos"
    folder.mkdir()
    plates = rows_of(shared / "data" / "nz_real")
    clear = [row for row in plates if {"clean", "large(>=100px)"} <= tags_of(row)][:6]
    others = rows_of(shared / "data" / "photos")
    negatives = [row for row in others if row["source"] == "negatives"][:2]
    with (folder / "labels.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, extrasaction="ignore", restval="")
        table.writeheader()
        table.writerows([*clear, *negatives])
    for subfolder, rows in (("nz_real", clear), ("photos", negatives)):
        for row in rows:
            shutil.copy(shared / "data" / subfolder / row["file"], folder)
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def tags_of(row: dict[str, str]) -> set[str]:
    return {tag.strip() for tag in row["condition"].split(";")}


@pytest.mark.slow
@pytest.mark.usefixtures("_weights")
def test_real_photos_end_to_end(
    real_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, page = tmp_path / "a.json", tmp_path / "a.html"
    reports = ["--json", str(a), "--html", str(page)]
    assert main(["evaluate", str(real_photos), "--recall-only", *reports]) == 0
    result = load_evaluation(a)
    assert len(result.plates) == 6
    assert sum(plate.detected for plate in result.plates) >= 5
    assert sum(plate.raw_right for plate in result.plates) >= 4
    assert sum(photo.negative for photo in result.photos) == 2
    summary = json.loads(a.read_text())["summary"]
    assert summary["metrics"]["raw"]["total_samples"] == 6
    assert summary["detection"]["precision"] is None
    assert page.read_text().startswith("<!doctype html>")

    b, changes = tmp_path / "b.json", tmp_path / "changes.json"
    only_plates = ["--recall-only", "--where", "source!=negatives"]
    assert main(["evaluate", str(real_photos), *only_plates, "--json", str(b)]) == 0
    capsys.readouterr()
    assert main(["compare", str(a), str(b), "--list", "--json", str(changes)]) == 0
    assert "2 only in A, 0 only in B" in capsys.readouterr().out
    aspects = json.loads(changes.read_text())["aspects"]
    assert aspects["answer right"]["samples"] == 6
    assert all(not one["fixed"] and not one["broken"] for one in aspects.values())


@pytest.mark.slow
@pytest.mark.usefixtures("_weights")
@pytest.mark.parametrize("mode", [[], ["--crops"]])
def test_samples_are_what_calibration_takes(car: Frame, tmp_path: Path, mode: list[str]) -> None:
    folder, samples = tmp_path / "cars", tmp_path / "seen.npz"
    folder.mkdir()
    (folder / "car.png").write_bytes(encode(car, ".png"))
    (folder / "labels.csv").write_text(
        "file,text,x1,y1,x2,y2,condition\ncar.png,ABC123,235,290,405,351,day;clean\n"
    )
    arguments = ["evaluate", str(folder), *mode, "--samples", str(samples), "--by", "condition"]
    assert main(arguments) == 0
    seen = Samples.load(samples)
    assert seen.truths.tolist() == ["ABC123"]
    assert seen.conditions.tolist() == ["day+clean"]
    assert seen.raws.tolist() == ["ABC123"]
    assert "ABC123" in seen.texts()[0]


@pytest.mark.usefixtures("_weights")
def test_a_damaged_picture_shows_in_status_and_figures(
    tmp_path: Path, car_jpeg: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ABC123.jpg").write_bytes(car_jpeg)
    (tmp_path / "KLM482.jpg").write_bytes(b"no picture")
    page = tmp_path / "report.html"
    assert main(["evaluate", str(tmp_path), "--html", str(page)]) == 1
    assert re.search(r"could not be decoded +1", capsys.readouterr().out)
    assert "KLM482" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere"], "error: No folder nowhere."),
        (["evaluate", ".", "--crops", "--enhance", "auto"], "error: --min-confidence,"),
        (["compare", "a.json", "b.json"], "No such file"),
    ],
)
def test_faults_are_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ABC123.jpg").touch()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["evaluate nowhere", "compare a.json b.json"])
def test_missing_requirements_are_named(command: str) -> None:
    program = (
        "import sys\n"
        "sys.modules['rapidfuzz'] = sys.modules['matplotlib'] = None\n"
        "from app.cli import main\n"
        f"sys.exit(main({command.split()}))\n"
    )
    done = subprocess.run(  # the packages are imported already in this process
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: rapidfuzz is not installed: pip install -r requirements-eval.txt\n"
    )

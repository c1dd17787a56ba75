"""`python -m app predict` and `models` on real files."""

import json
from pathlib import Path

import cv2
import pytest

from app.cli import main
from tests.pictures import draw_car, encode


@pytest.fixture
def _weights(light_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in light_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path, car_jpeg: bytes) -> Path:
    """Two cars with the same file name, one without a plate, and a file that is no picture."""
    folder = tmp_path / "pictures"
    (folder / "b [x]").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(car_jpeg)
    (folder / "b [x]" / "a.PNG").write_bytes(encode(draw_car("KLM482"), ".png"))
    (folder / "c.webp").write_bytes(encode(draw_car("ABC123")[:200], ".webp"))
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.mark.usefixtures("_weights")
def test_a_folder_as_json_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(folder), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {Path(answer["request_id"]).relative_to(folder): answer for answer in answers}
    assert [str(path) for path in found] == ["a.jpg", "b [x]/a.PNG", "c.webp"]
    assert [answer["plate"] for answer in answers] == ["ABC123", "KLM482", None]
    assert answers[0]["plates"][0]["bbox"]["width"] > 100


def green_pixels(picture: Path) -> int:
    """Pixels of a thin line that JPEG has softened count, too."""
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    blue, green, red = cv2.split(drawn.astype(int))
    return int(((green > blue + 30) & (green > red + 30)).sum())


@pytest.mark.usefixtures("_weights")
def test_a_table_and_annotated_pictures(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    out = tmp_path / "new" / "annotated"
    assert main(["predict", str(folder), "--save", str(out)]) == 0
    table = capsys.readouterr().out
    for text in ("ABC123", "KLM482", "standard", "c.webp", "b [x]/a.PNG"):
        assert text in table
    saved = sorted(str(path.relative_to(out)) for path in out.rglob("*.jpg"))
    assert saved == ["a.jpg", "b [x]/a.jpg", "c.jpg"]
    assert green_pixels(folder / "a.jpg") == 0
    assert green_pixels(out / "a.jpg") > 200


@pytest.mark.usefixtures("_weights")
def test_a_file_that_cannot_be_read_fails_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["predict", str(folder / "notes.txt"), str(folder / "a.jpg"), "--json"]
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "notes.txt: The data is not an image" in shown.err
    (line,) = shown.out.splitlines()
    assert json.loads(line)["plate"] == "ABC123"


@pytest.mark.usefixtures("_weights")
def test_min_confidence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(folder / "a.jpg")
    assert main(["predict", picture, "--json", "--min-confidence", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["plates"] == []


@pytest.mark.parametrize("value", ["2", "-1", "nan", "much"])
def test_a_confidence_that_is_none(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["predict", "a.jpg", f"--min-confidence={value}"])
    assert end.value.code == 2
    assert "--min-confidence" in capsys.readouterr().err


@pytest.mark.usefixtures("_weights")
def test_a_path_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["predict", str(tmp_path / "nothing.jpg")]) == 2
    assert "error: No file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["serve"], ["predict", "."]])
def test_missing_weights_name_the_remedy(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ALPR_MODEL_DIR", str(tmp_path))
    monkeypatch.setenv("ALPR_DETECTOR_MODEL", "yolo-v9-t-384-license-plate-end2end")
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert "python -m app models fetch yolo-v9-t-384" in capsys.readouterr().err


def test_models_list_tells_the_state(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ALPR_MODEL_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "250")
    good, damaged = "cct_xs_v2_global.onnx", "cct_xs_v1_global.onnx"
    (tmp_path / good).write_bytes((shared / "models" / good).read_bytes())
    (tmp_path / damaged).write_bytes(b"damaged")
    assert main(["models", "list"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    states = {row.split("│")[3].strip(): row.split("│")[4].strip() for row in rows}
    assert states[good] == "verified"
    assert states[damaged] == "damaged"
    assert states["cct_xs_v2_global_plate_config.yaml"] == "absent"


def test_fetching_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "nonsense"]) == 2
    assert "Known: yolo-v9-t-384" in capsys.readouterr().err


def test_a_fetch_that_fails_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALPR_MODEL_DIR", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody there: no network is needed
    assert main(["models", "fetch", "cct-xs-v2-global-model"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("cannot be fetched") == 2
    assert list(tmp_path.iterdir()) == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip()[0].isdigit()

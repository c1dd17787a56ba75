"""`python -m app watch` on a drawn clip."""

import json
from pathlib import Path

import cv2
import pytest

from app.cli import main
from tests.api.test_video import passing_car
from tests.video.clips import write_clip


@pytest.fixture
def clip(
    tmp_path: Path, weights_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    for name, value in weights_environment.items():
        monkeypatch.setenv(name, value)
    return write_clip(tmp_path / "car [1].avi", passing_car("KLM482", 6, fps=5), 5)


def test_a_table_and_pictures(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(clip), "--save", str(tmp_path / "saved"), "--fps", "5"]) == 0
    out = capsys.readouterr().out
    assert "KLM482" in out
    assert "standard" in out
    (picture,) = (tmp_path / "saved").iterdir()
    saved = cv2.imread(str(picture))
    assert saved is not None
    assert saved.shape == (480, 640, 3)


def test_json_lines_and_files_that_fail(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    assert main(["watch", str(broken), str(clip), "--json", "--crops"]) == 1
    printed = capsys.readouterr()
    assert "broken.mp4: The file is no video" in printed.err
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert (lines[0]["event"], lines[-1]["event"]) == ("new", "end")
    assert {line["pass"]["plate"] for line in lines} == {"KLM482"}
    assert lines[-1]["pass"]["best"]["crop"]


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(tmp_path / "absent.mp4")]) == 2
    assert "No file" in capsys.readouterr().err

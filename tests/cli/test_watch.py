"""`python -m app watch` on a drawn clip."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from app.cli import main
from tests.api.test_video import passing_car
from tests.pictures import encode
from tests.servers import REPOSITORY
from tests.video.cameras import MjpegCamera
from tests.video.clips import write_clip
from tests.video.test_cameras import car_jpegs


@pytest.fixture
def clip(
    tmp_path: Path, light_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    for name, value in light_environment.items():
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


def test_a_folder_of_pictures(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, frame in enumerate(passing_car("KLM482", 6, fps=5)):
        (folder / f"{number}.jpg").write_bytes(encode(frame, ".jpg"))
    assert main(["watch", str(folder), "--fps", "5"]) == 0
    assert "KLM482" in capsys.readouterr().out


def test_cameras_until_it_is_ended(clip: Path, tmp_path: Path) -> None:
    """Two at once, one of a file; a private host on the command line is meant."""
    pictures = car_jpegs("KLM482")
    saved = tmp_path / "saved"
    with MjpegCamera(pictures, fps=5) as one, MjpegCamera(pictures, fps=5) as other:
        file = tmp_path / "cameras.yml"
        file.write_text(f"cameras:\n  gate:\n    source: {other.url}\n")
        arguments = [one.url, "--cameras", str(file), "--json", "--save", str(saved)]
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "watch", *arguments],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        ended: set[str] = set()
        while len(ended) < 2:
            line = json.loads(process.stdout.readline())
            assert line["pass"]["plate"] == "KLM482"
            if line["event"] == "end":
                ended.add(line["camera"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert ended == {"gate", one.url.removeprefix("http://").translate(str.maketrans(".:/", "---"))}
    assert len(list(saved.iterdir())) >= 2


def test_what_does_not_go_together(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(clip), "http://127.0.0.1/"]) == 2
    assert "two commands" in capsys.readouterr().err
    assert main(["watch"]) == 2
    assert "nothing to watch" in capsys.readouterr().err
    assert main(["watch", "ftp://127.0.0.1/"]) == 2


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(tmp_path / "absent.mp4")]) == 2
    assert "No file" in capsys.readouterr().err

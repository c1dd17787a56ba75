"""Commands that save pictures lose none: neither what they made nor what was there."""

from pathlib import Path

import pytest

from app.cli import main
from app.errors import InvalidRequest
from app.pictures import PictureFolder

COMMANDS = ("predict", "redact")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def weights(light_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in light_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cameras(tmp_path: Path, car_jpeg: bytes) -> Path:
    """Names with dots, the same name in two folders, and the same stem with two suffixes."""
    for name in ("192.168.1.64_01.jpg", "192.168.1.64_02.jpg", "a/x.jpg", "b/x.jpg", "b/x.jpeg"):
        path = tmp_path / "cameras" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(car_jpeg)
    return tmp_path / "cameras"


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_picture_is_saved(command: str, cameras: Path, tmp_path: Path) -> None:
    before = contents(cameras)
    out = tmp_path / "out"
    assert main([command, str(cameras), "--save", str(out)]) == 0
    names = ["192.168.1.64_01.jpg", "192.168.1.64_02.jpg", "a/x.jpg", "b/x-2.jpg", "b/x.jpg"]
    first = contents(out)
    assert sorted(first) == names
    folders = [str(cameras / "a"), str(cameras / "b")]
    assert main([command, *folders, "--save", str(out)]) == 0
    assert first.items() <= contents(out).items()
    assert len(contents(out)) == len(names) + 3
    assert contents(cameras) == before


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("given", "save"), [("", ""), ("", "a"), ("", "new/deep"), ("a/x.jpg", "a"), ("a", "a/../a")]
)
def test_sources_are_not_saved_into(
    command: str, given: str, save: str, cameras: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(cameras)
    assert main([command, str(cameras / given), "--save", str(cameras / save)]) == 2
    assert "where the pictures come from" in capsys.readouterr().err
    assert contents(cameras) == before


def test_a_link_to_the_sources_is_the_sources(cameras: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(cameras)
    with pytest.raises(InvalidRequest):
        PictureFolder(link, [cameras])


def test_a_place_that_cannot_be_made_is_an_error(cameras: Path, tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "out", [cameras])
    (tmp_path / "out" / "a").write_text("a file where a folder must be")
    with pytest.raises(OSError, match="a"):
        folder.save(cameras / "a" / "x.jpg", ".jpg", b"picture")
    assert set(contents(tmp_path / "out")) == {"a"}

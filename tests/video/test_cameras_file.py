"""The file of cameras: what is in it, and what is wrong with it."""

from pathlib import Path

import pytest

from app.config import Settings
from app.errors import InvalidCameras
from app.video.cameras.config import changed, load_cameras
from tests.servers import REPOSITORY

GOOD = """\
defaults:
  fps: 4
  masks: 0,0,1,0,1,0.1,0,0.1

cameras:
  gate:
    source: rtsp://viewer:secret@10.0.0.5/stream1
    enhance: off        # in YAML this would be False
    rotate: 90
    min_height: 20
    crops: yes
  yard.2:
    source: http://10.0.0.6/video.mjpg
    user: "123"
    password: 456
    fps: 2.5
    min_agreeing: 3
  old:
    source: http://10.0.0.7/
    enabled: no
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cameras.yml"
    path.write_text(text)
    return path


def test_cameras_with_defaults(tmp_path: Path, settings: Settings) -> None:
    plans = load_cameras(written(tmp_path, GOOD))
    assert list(plans) == ["gate", "yard.2"]
    gate, yard = plans["gate"].config, plans["yard.2"].config
    options = gate.watch_options(settings).read
    assert (options.enhance, options.rotate, options.crops) == ("off", "90", True)
    assert options.selection.min_height == 20
    assert len(options.selection.masks) == 1
    assert (gate.frames_a_second(settings), yard.frames_a_second(settings)) == (4, 2.5)
    assert plans["gate"].address.url == "rtsp://viewer:secret@10.0.0.5/stream1"
    assert plans["yard.2"].address.url == "http://123:456@10.0.0.6/video.mjpg"
    for shown in (repr(plans), str(plans)):
        assert "secret" not in shown
        assert "456" not in shown


def test_a_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss\n")
    text = (
        "cameras:\n  gate:\n    source: rtsp://10.0.0.5/\n    user: me\n"
        f"    password_file: {tmp_path}/secret\n"
    )
    path = written(tmp_path, text)
    before = load_cameras(path)
    assert before["gate"].address.password == "p@ss"
    (tmp_path / "secret").write_text("other\n")
    assert [entry[1] for entry in changed(before, load_cameras(path))] == [
        load_cameras(path)["gate"]
    ]


@pytest.mark.parametrize("text", ["", "cameras:\n", "defaults:\n  fps: 3\n", "# nothing\n"])
def test_no_cameras(tmp_path: Path, text: str) -> None:
    assert load_cameras(written(tmp_path, text)) == {}


CAMERA = "cameras:\n  gate:\n    source: rtsp://10.0.0.5/\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CAMERA + "    fps: fast\n", ":4: cameras.gate.fps: "),
        (CAMERA + "    fps: 0\n", ":4: cameras.gate.fps: "),
        (CAMERA + "    speed: 3\n", ":4: cameras.gate.speed: Extra"),
        (CAMERA + "    masks: 0,0,2,2\n", ":4: cameras.gate.masks: "),
        (CAMERA + "    rotate: [90]\n", ":4: cameras.gate.rotate: "),
        (CAMERA + "    fps: 3\n    fps: 4\n", ":5: cameras.gate.fps: is there twice"),
        (CAMERA + "  gate:\n    source: http://a/\n", ":4: cameras.gate: is there twice"),
        (CAMERA + "  the gate:\n    source: http://a/\n", ":4: cameras.the gate: names"),
        (CAMERA + "    password_file: /nowhere\n", ":4: cameras.gate.password_file: "),
        (CAMERA + "other: 3\n", ":4: other: "),
        ("cameras:\n  gate:\n    fps: 3\n", ":2: cameras.gate.source: Field required"),
        ("cameras:\n  gate:\n    source: ftp://a/\n", ":3: cameras.gate.source: A source is"),
        ("cameras:\n  gate: rtsp://a/\n", ":2: cameras.gate: a name and a value"),
        ("cameras: [a, b]\n", ":1: cameras: a name and a value"),
        ("- gate\n", ":1: a name and a value"),
        ("cameras:\n\tgate: 3\n", ":2: "),
        ("cameras: {gate: &a {source: 'http://a/'}", ":"),
        ("defaults:\n  fps: 99\n" + CAMERA, ":2: defaults.fps: "),
    ],
)
def test_faults_are_told_with_line_and_field(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidCameras) as raised:
        load_cameras(path)
    assert f"{path}{told}" in str(raised.value)


def test_all_faults_are_told_and_no_secret(tmp_path: Path) -> None:
    text = (
        "cameras:\n  a:\n    source: rtsp://me:secret@host:99999/\n    fps: hidden\n"
        "  b:\n    source: http://a/\n    password: {secret: 3}\n"
    )
    with pytest.raises(InvalidCameras) as raised:
        load_cameras(written(tmp_path, text))
    told = str(raised.value).splitlines()
    assert len(told) == 2
    assert "secret" not in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(InvalidCameras, match="no camera"):
        load_cameras(written(tmp_path, f"cameras:\n  a:\n    source: {tmp_path}/a.mp4\n"))


def test_the_example(tmp_path: Path, settings: Settings) -> None:
    text = (REPOSITORY / "deploy" / "cameras.example.yml").read_text()
    (tmp_path / "gate").write_text("secret")
    plans = load_cameras(written(tmp_path, text.replace("/run/secrets/gate", f"{tmp_path}/gate")))
    assert list(plans) == ["gate", "yard", "weighbridge"]
    for plan in plans.values():
        plan.config.watch_options(settings)


def test_no_text(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidCameras):
        load_cameras(path)


def test_what_changed(tmp_path: Path) -> None:
    before = load_cameras(written(tmp_path, GOOD))
    text = GOOD.replace("fps: 2.5", "fps: 3").replace("enabled: no", "enabled: yes")
    after = load_cameras(written(tmp_path, text))
    found = {(a and a.name, b and b.name) for a, b in changed(before, after)}
    assert found == {("yard.2", "yard.2"), (None, "old")}

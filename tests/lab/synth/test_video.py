"""Drawn videos: what is in the frames is what the truth says."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.lab.evaluation.clips.dataset import load_clips
from app.lab.synth.cli import main
from app.lab.synth.scenes.scene import draw_scene
from app.lab.synth.video.traffic import draw_traffic
from app.lab.synth.video.types import Camera, Traffic
from app.video.sources.file import FileSource

SMALL = Camera(width=480, height=270, fps=5)


def times_of(path: Path, fps: float = 60) -> list[float]:
    with FileSource(path, fps=fps, max_pixels=1_000_000) as source:
        times = [frame.at_s for frame in source]
        assert source.warning is None
        return times


def test_clips_are_rebuilt_from_the_seed(tmp_path: Path) -> None:
    size = ["--width", "320", "--height", "180", "--fps", "4", "--vehicles", "1", "--speed", "40"]
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert main(["video", str(tmp_path / name), "--clips", "1", "--seed", seed, *size]) == 0
    a, b, c = ((tmp_path / name / "clip000.mov").read_bytes() for name in "abc")
    assert a == b != c
    (clip,) = load_clips(tmp_path / "a")
    (label,) = clip.labels
    times = times_of(clip.path)
    assert times == pytest.approx([i / 4 for i in range(len(times))])
    assert 0 <= label.start_s < label.end_s <= times[-1] + 0.25


def test_a_variable_rate_is_in_the_file(tmp_path: Path) -> None:
    size = ["--width", "320", "--height", "180", "--fps", "10", "--vehicles", "1"]
    assert main(["video", str(tmp_path), "--clips", "1", "--variable", *size]) == 0
    steps = np.diff(times_of(tmp_path / "clip000.mov"))
    assert steps.mean() == pytest.approx(0.1, abs=0.01)
    assert steps.min() < 0.07
    assert steps.max() > 0.13


@pytest.mark.parametrize("speed", [30, -30])
def test_a_stop_lasts_as_long_as_is_asked(speed: float) -> None:
    going, stopping = (
        draw_traffic(np.random.default_rng(1), Traffic(1, speed=speed, stop_s=stop_s), SMALL)[1]
        for stop_s in (0.0, 20.0)
    )
    longer = (stopping[0].end_s - stopping[0].start_s) - (going[0].end_s - going[0].start_s)
    assert 20 < longer < 26  # braking and pulling off take time, too


def test_vehicles_of_two_lanes_are_there_together_and_parked_ones_always() -> None:
    frames, truth = draw_traffic(np.random.default_rng(2), Traffic(2, lanes=2, parked=1), SMALL)
    end_s = max(frame.at_s for frame in frames)
    assert len({one.text for one in truth}) == 5
    parked = [one for one in truth if one.end_s - one.start_s > 0.9 * end_s]
    assert len(parked) == 1
    moving = [one for one in truth if one not in parked]
    for one, other in zip(moving[::2], moving[1::2], strict=True):
        assert abs(one.start_s - other.start_s) < 0.5
    assert moving[2].start_s > moving[0].end_s


def test_nothing_moves_but_what_is_asked_to() -> None:
    still, shaking = (
        [f.picture for f in draw_traffic(np.random.default_rng(3), Traffic(0, parked=1), camera)[0]]
        for camera in (
            Camera(480, 270, fps=2, noise=0),
            Camera(480, 270, fps=2, noise=0, shake=3),
        )
    )
    assert np.array_equal(still[0], still[5])
    assert np.abs(shaking[0].astype(int) - shaking[5]).mean() > 1


def test_light_and_blur_are_seen() -> None:
    def plate(camera: Camera) -> float:
        frames, _ = draw_traffic(np.random.default_rng(5), Traffic(0, parked=1), camera)
        return float(cv2.Laplacian(next(frames).picture, cv2.CV_32F).var())

    sharp = plate(Camera(480, 270, noise=0))
    assert plate(Camera(480, 270, noise=0, defocus=2)) < 0.5 * sharp
    assert plate(Camera(480, 270, noise=0, light=0.4)) < 0.5 * sharp


@pytest.mark.parametrize("traffic", [Traffic(lanes=3), Traffic(parked=9), Traffic(speed=0)])
def test_what_cannot_be_drawn(traffic: Traffic) -> None:
    with pytest.raises(ValueError, match="lanes"):
        draw_traffic(np.random.default_rng(0), traffic, SMALL)


@pytest.mark.slow
def test_passes_of_stills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rows = ["file,text,x1,y1,x2,y2"]
    for i in range(2):
        photo, truth = draw_scene(np.random.default_rng(i), width=640, height=480)
        cv2.imwrite(str(photos / f"{i}.png"), photo)
        rows.append(",".join([f"{i}.png", truth.text, *(f"{side:.0f}" for side in truth.box)]))
    (photos / "labels.csv").write_text("\n".join(rows) + "\n")
    out = tmp_path / "out"
    assert main(["video", str(out), "--clips", "1", "--stills", str(photos)]) == 0
    (clip,) = load_clips(out)
    assert [label.start_s for label in clip.labels] == pytest.approx([0, 3.2, 6.4, 9.6])
    assert len(times_of(clip.path, fps=5)) == 64
    with (out / "labels.csv").open(newline="") as stream:
        texts = {row["text"] for row in csv.DictReader(stream)}
    assert len(texts) == 2
    again = ["video", str(tmp_path / "none"), "--stills", str(photos)]
    assert main([*again, "--without", str(out / "labels.csv")]) == 1
    assert "No photograph" in capsys.readouterr().err

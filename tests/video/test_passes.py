"""Drawn vehicles to passes: one each, whatever they do and however they are filmed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.config import Settings
from app.lab.synth.video.files import write_clip
from app.lab.synth.video.traffic import draw_traffic
from app.lab.synth.video.types import Camera, PassTruth, Traffic
from app.video.options import VideoQuery
from app.video.passes import Pass, PassEvent
from app.video.sources.file import FileSource
from app.video.types import VideoFrame
from app.video.watching import is_better, watch
from app.vision.pipeline import PlatePipeline

CAMERA = Camera(width=800, height=450, fps=5)
FAST = 35.0


def told(frames: Iterable[VideoFrame], pipeline: PlatePipeline, settings: Settings) -> list[Pass]:
    """Passes at their ends, in the order of their plates."""
    options = VideoQuery(detail="low").watch_options(settings)
    events = [e for e in watch(frames, pipeline, options) if isinstance(e, PassEvent)]
    kinds = [(event.passing.id, event.kind) for event in events]
    passes = [event.passing for event in events if event.kind == "end"]
    assert all(kinds.count((one.id, kind)) == 1 for one in passes for kind in ("new", "end"))
    return sorted(passes, key=lambda one: one.reading.plate)


def texts(passes: Iterable[Pass]) -> list[str]:
    return [one.reading.plate for one in passes]


def true_texts(truth: Iterable[PassTruth]) -> list[str]:
    return sorted(one.text for one in truth)


@pytest.mark.parametrize(
    ("traffic", "camera"),
    [
        pytest.param(Traffic(1, lanes=2, speed=FAST), CAMERA, id="side by side"),
        pytest.param(Traffic(1, parked=1, speed=FAST), CAMERA, id="before a parked one"),
        pytest.param(Traffic(1, hidden_s=0.5), CAMERA, id="hidden"),
        pytest.param(
            Traffic(1, stop_s=60, speed=10),
            replace(CAMERA, fps=1),
            id="a stop",
            marks=pytest.mark.slow,
        ),
        pytest.param(Traffic(1, speed=60), replace(CAMERA, fps=30), id="30 a second"),
        pytest.param(Traffic(1, speed=-FAST), replace(CAMERA, fps=12.5), id="nearing"),
        pytest.param(Traffic(2, speed=FAST), replace(CAMERA, shake=4), id="a camera that shakes"),
        pytest.param(Traffic(1), replace(CAMERA, light=0.4, noise=6), id="dusk"),
    ],
)
def test_each_vehicle_is_one_pass(
    traffic: Traffic, camera: Camera, pipeline: PlatePipeline, settings: Settings
) -> None:
    frames, truth = draw_traffic(np.random.default_rng(11), traffic, camera)
    passes = told(frames, pipeline, settings)
    assert texts(passes) == true_texts(truth)
    by_text = {one.text: one for one in truth}
    for one in passes:
        known = by_text[one.reading.plate]
        assert one.first_seen_s < known.start_s + 1.2
        assert one.last_seen_s > known.end_s - 1.2
        assert [look.at_s for look in one.looks] == sorted(look.at_s for look in one.looks)


def test_which_way_they_go(pipeline: PlatePipeline, settings: Settings) -> None:
    ways = {}
    for speed in (FAST, -FAST):
        frames, _ = draw_traffic(np.random.default_rng(11), Traffic(1, speed=speed), CAMERA)
        (one,) = told(frames, pipeline, settings)
        ways[one.direction.motion] = one.direction.degrees
    assert set(ways) == {"leaving", "nearing"}
    assert ways["leaving"] is not None
    assert 180 < ways["leaving"] < 360  # away is up in the picture


def test_a_file_whose_rate_varies(
    tmp_path: Path, pipeline: PlatePipeline, settings: Settings
) -> None:
    camera = replace(CAMERA, fps=10, variable=True)
    frames, truth = draw_traffic(np.random.default_rng(12), Traffic(1), camera)
    path = tmp_path / "a.mov"
    write_clip(path, frames, fps=None)
    with FileSource(path, fps=5, max_pixels=settings.max_pixels) as source:
        passes = told(source, pipeline, settings)
    assert texts(passes) == true_texts(truth)
    assert passes[0].last_seen_s == pytest.approx(truth[0].end_s, abs=0.5)


@pytest.mark.parametrize(
    ("before", "now", "worth"),
    [
        (0.9, 0.951, True),
        (0.9, 0.94, False),
        (0.95, 0.991, True),  # a gate may ask for 0.99
        (0.96, 0.99, False),
        (0.99, 0.998, True),
        (0.9991, 0.99999, False),
        (0.99, 0.95, False),
        (1.0, 1.0, False),
    ],
)
def test_what_is_worth_another_event(before: float, now: float, worth: bool) -> None:
    assert is_better(now, before) is worth

"""What the measurement of cameras counts."""

from contextlib import closing
from pathlib import Path

import pytest

from app.lab.benchmark.cameras import (
    Result,
    Samples,
    _result,
    cameras_file,
    draw,
    running_cameras,
)
from app.video.cameras.config import load_cameras
from tests.video.cameras import Watched


def exposition(young: int, middling: int, old: int, dropped: int) -> str:
    name = "alpr_camera_lag_seconds"
    total = young + middling + old
    return (
        f"# TYPE {name} histogram\n"
        f'{name}_bucket{{camera="a",le="0.1"}} {young}\n'
        f'{name}_bucket{{camera="a",le="1.0"}} {young + middling}\n'
        f'{name}_bucket{{camera="a",le="+Inf"}} {total}\n'
        f'{name}_count{{camera="a"}} {total}\n{name}_sum{{camera="a"}} 1\n'
        "# TYPE alpr_camera_frames_dropped counter\n"
        f'alpr_camera_frames_dropped_total{{camera="a"}} {dropped}\n'
        "# TYPE alpr_camera_passes counter\n"
        'alpr_camera_passes_total{camera="a",format="standard"} 2\n'
        'alpr_camera_passes_total{camera="a",format="none"} 1\n'
    )


def test_what_grew_between_two_moments() -> None:
    before = Samples(exposition(1, 1, 5, 7))
    after = Samples(exposition(100, 100, 6, 10))
    found = _result("a", before, after, 10.0)
    assert (found.read, found.read_a_second) == (199, 19.9)
    assert (found.late, found.dropped, found.passes) == (1, 3, 0)
    assert found.p99_s == 1.0


def test_growth_of_memory() -> None:
    result = Result(60.0, memory=[(0.0, 1000), (30.0, 1010), (60.0, 1020)])
    assert result.growth == pytest.approx(1200)


def test_its_cameras_can_be_watched(tmp_path: Path) -> None:
    draw(tmp_path, width=320, height=180, fps=2, vehicles=1)
    with running_cameras(tmp_path, 10) as port:
        file = cameras_file(tmp_path, port=port, count=2, fps=5)
        plans = load_cameras(file)
        assert list(plans) == ["camera-0", "camera-1"]
        with closing(Watched(plans["camera-1"].config.source)) as watched:
            assert watched.has(2)
            assert watched.frames[0].picture.shape == (180, 320, 3)

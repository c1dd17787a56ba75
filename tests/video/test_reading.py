"""Frames of cameras among the other work of the engine."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from app.config import Settings
from app.engine import Engine
from app.errors import AlprError
from app.options import ReadQuery
from app.video.reading import PatientReader
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import FrameResult
from tests.api.test_video import passing_car
from tests.servers import eventually
from tests.video.cameras import BOUND_S


@pytest.fixture
def engine(pipeline: PlatePipeline) -> Iterator[Engine]:
    engine = Engine(pipeline, pipeline, workers=1)
    yield engine
    engine.close()


def ignore(options: ReadOptions, outcome: FrameResult | AlprError, seconds: float) -> None: ...


def test_whoever_makes_others_wait_looks_once(
    engine: Engine, pipeline: PlatePipeline, settings: Settings
) -> None:
    """A frame in which a closer look would pay."""
    small = cv2.resize(passing_car("ABC123", 1, fps=5)[0], (160, 120))
    street = np.full((720, 1280, 3), 110, np.uint8)
    street[300:420, 300:460] = small
    options = ReadQuery(detail="high").options(settings)
    reader = PatientReader(engine, ignore, seconds=BOUND_S)
    alone = reader.read_frame(street, options)
    assert alone is not None
    assert alone.passes > 1
    entered, leave = threading.Event(), threading.Event()

    def hold(pipeline: PlatePipeline, waited_ms: float) -> None:
        entered.set()
        leave.wait(BOUND_S)

    with ThreadPoolExecutor(3) as cameras:
        held = engine.run(hold)
        assert entered.wait(BOUND_S)
        waiting = [cameras.submit(reader.read_frame, street, options) for _ in range(2)]
        assert eventually(lambda: len(engine._line) == 2, BOUND_S)
        leave.set()
        held.result(BOUND_S)
        passes = [found.passes for job in waiting if (found := job.result(BOUND_S))]
    assert sorted(passes) == [1, alone.passes]

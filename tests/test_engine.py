"""The pool: order, cancelling, deadlines, counts."""

import copy
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from app.engine import Engine
from app.errors import DeadlineExceeded, InvalidImage
from app.vision.pipeline import PlatePipeline, ReadOptions
from tests.servers import eventually

OPTIONS = ReadOptions(min_confidence=0.4, enhance="off")


class Load:
    """What the engine reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, queued: int, running: int) -> None:
        self.seen.append((queued, running))


@pytest.fixture
def load() -> Load:
    return Load()


@pytest.fixture
def engine(pipeline: PlatePipeline, load: Load) -> Iterator[Engine]:
    engine = Engine(pipeline, pipeline, workers=1, observe=load)
    yield engine
    engine.close()


def test_a_picture(engine: Engine, load: Load, car_jpeg: bytes) -> None:
    result = engine.submit(car_jpeg, OPTIONS).result(120)
    assert [plate.characters.text for plate in result.plates] == ["ABC123"]
    assert next(iter(result.timings_ms)) == "queue"
    assert load.seen[0] == (1, 0)
    assert (0, 1) in load.seen
    assert load.seen[-1] == (0, 0)


def test_a_failure_leaves_the_counts_right(engine: Engine, load: Load) -> None:
    with pytest.raises(InvalidImage):
        engine.submit(b"no picture", OPTIONS).result(120)
    assert load.seen[-1] == (0, 0)


def test_a_late_picture_is_not_begun(engine: Engine, load: Load, car_jpeg: bytes) -> None:
    with pytest.raises(DeadlineExceeded):
        engine.submit(car_jpeg, OPTIONS, deadline=time.monotonic() - 0.001).result(120)
    assert load.seen[-1] == (0, 0)


def test_cancelling_drops_what_is_queued(engine: Engine, load: Load, car_jpeg: bytes) -> None:
    jobs = [engine.submit(car_jpeg, OPTIONS) for _ in range(6)]
    assert engine.queued >= 4
    cancelled = [job for job in jobs[2:] if job.cancel()]
    assert len(cancelled) == 4
    for job in jobs[:2]:
        job.result(120)
    with pytest.raises(CancelledError):
        jobs[-1].result(120)
    assert (engine.queued, engine.running) == (0, 0)


def test_closing_finishes_what_runs_and_drops_the_rest(
    pipeline: PlatePipeline, car_jpeg: bytes
) -> None:
    engine = Engine(pipeline, pipeline, workers=1)
    jobs = [engine.submit(car_jpeg, OPTIONS) for _ in range(5)]
    while not engine.running:
        time.sleep(0.001)
    engine.close()
    assert jobs[0].result(0).best is not None
    assert jobs[-1].cancelled()


def test_many_threads_at_once_read_the_same(pipeline: PlatePipeline, car_jpeg: bytes) -> None:
    engine = Engine(pipeline, pipeline, workers=4)
    texts: list[str] = []

    def ask() -> None:
        for _ in range(5):
            best = engine.submit(car_jpeg, OPTIONS).result(60).best
            texts.append(best.characters.text if best else "")

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    engine.close()
    assert texts == ["ABC123"] * 20
    assert (engine.queued, engine.running) == (0, 0)


def test_workers_that_do_not_come_back_are_seen(pipeline: PlatePipeline) -> None:
    now = 0.0
    engine = Engine(pipeline, pipeline, workers=2, clock=lambda: now)
    entered, leave = threading.Barrier(3), threading.Event()

    def work(pipeline: PlatePipeline, waited_ms: float) -> None:
        entered.wait(120)
        leave.wait(120)

    jobs = [engine.run(work) for _ in range(2)]
    entered.wait(120)
    now = 10.0
    assert engine.stuck(10.0) == 0
    now = 10.1
    assert engine.stuck(10.0) == 2
    leave.set()
    for job in jobs:
        job.result(120)
    engine.close()
    assert engine.stuck(10.0) == 0


def waits_in_line(engine: Engine, count: int) -> bool:
    return eventually(lambda: len(engine._line) == count)


def test_work_of_low_priority_comes_after_all_that_is_queued(engine: Engine) -> None:
    done: list[str] = []
    leave = threading.Event()

    def work(name: str) -> Callable[[PlatePipeline, float], None]:
        def note(pipeline: PlatePipeline, waited_ms: float) -> None:
            leave.wait(120)
            done.append(name)

        return note

    with ThreadPoolExecutor(2) as cameras:
        jobs = [engine.run(work("picture 1"))]
        frames = []
        for name in ("frame 1", "frame 2"):
            frames.append(cameras.submit(engine.run_between, work(name), seconds=30))
            assert waits_in_line(engine, len(frames))
        jobs += [engine.run(work(f"picture {number}")) for number in (2, 3)]
        assert (engine.queued, engine.running) == (2, 1)
        leave.set()
        for job in (*jobs, *frames):
            job.result(120)
    assert done == ["picture 1", "picture 2", "picture 3", "frame 1", "frame 2"]
    assert (engine.queued, engine.running) == (0, 0)


def test_work_of_low_priority_does_not_wait_for_ever(engine: Engine) -> None:
    leave = threading.Event()
    held = engine.run(lambda pipeline, waited_ms: leave.wait(120))
    with ThreadPoolExecutor(1) as cameras:
        with pytest.raises(DeadlineExceeded):
            engine.run_between(lambda pipeline, waited_ms: None, seconds=0.01)
        waiting = cameras.submit(engine.run_between, lambda *given: None, seconds=60)
        assert waits_in_line(engine, 1)
        leave.set()
        held.result(120)
        waiting.result(120)
        engine.close()
        with pytest.raises(CancelledError):
            engine.run_between(lambda pipeline, waited_ms: None, seconds=60)


def test_work_of_low_priority_takes_one_thread(pipeline: PlatePipeline) -> None:
    alone = copy.copy(pipeline)
    engine = Engine(alone, pipeline, workers=2)
    assert engine.run_between(lambda used, waited_ms: used, seconds=30) is pipeline
    assert engine.run(lambda used, waited_ms: used).result(120) is alone
    engine.close()

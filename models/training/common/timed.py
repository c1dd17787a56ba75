"""Training by the clock: a device is lent for a time, and several calls continue each other."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from models.training.common.feed import Block, Feed
from models.training.common.loop import Course, Parts, Run
from models.training.common.schedule import learning_rate

Batch = TypeVar("Batch")
Known = TypeVar("Known")
LOOKED_AT = 64  # steps between two looks at the loss


@dataclass(frozen=True, slots=True)
class TimedCourse(Course):
    """A course of so many `seconds`, of which this call takes `call_seconds`. `warmup` is in
    seconds, `draws` has no meaning. The ring keeps `capacity` entries and has `least` before the
    first step."""

    seconds: float
    call_seconds: float
    capacity: int
    least: int


class TimedRun(Run[Batch]):
    """A run whose rate falls with the time. `spent` are the seconds of it, `drawn` the pictures
    drawn for it; `watched` names the part of the loss that is looked at on the way."""

    watched: str
    course: TimedCourse

    def __init__(self, *args: Any) -> None:
        self.spent, self.drawn = 0.0, 0
        super().__init__(*args)

    def rate(self) -> float:
        """The learning rate, by time."""
        course = self.course
        return learning_rate(
            self.spent,
            total=course.seconds,
            peak=course.peak_rate,
            warmup=course.warmup,
            floor=0.005,
        )

    def step(self, batch: Batch) -> Parts:
        """One step. Raises FloatingPointError where the loss is no number any more."""
        parts = super().step(batch)
        number = self.draws // self.course.batch
        if number % LOOKED_AT == 0 or number < 4:
            loss = float(parts[self.watched])
            print(f"step {number} {self.spent:.0f} s, {self.drawn} drawn: {loss:.4f}", flush=True)
            if not np.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss} at step {number}")
        return parts

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return super().state() | {"spent": self.spent, "drawn": self.drawn}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.spent, self.drawn = state["spent"], state["drawn"]


def timed_batches(
    run: TimedRun[Batch],
    feed: Feed[Any, Known],
    keep: Callable[[Block[Known]], int],
    draw: Callable[[int, np.random.Generator], Batch],
) -> Iterator[Batch]:
    """Batches until the time is up, which begins when the course's `least` is kept; what has been
    drawn meanwhile is kept too. `keep` says how many are kept, `draw` gives so many of them."""
    course, before = run.course, run.spent
    while keep(feed.take()) < course.least:
        pass
    started = time.monotonic()
    passed = 0.0
    while passed < course.call_seconds and run.spent < course.seconds:
        run.drawn = feed.first
        yield draw(course.batch, np.random.default_rng((course.seed, 2, run.draws)))
        passed = time.monotonic() - started
        run.spent = before + passed
        while feed.ready():
            keep(feed.take())

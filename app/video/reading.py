"""Frames of videos as work of the engine."""

import math
import time
from collections.abc import Callable

from app.engine import Engine
from app.errors import AlprError, DeadlineExceeded
from app.nz.decoder import PlateDecoder
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import Box, Frame, FrameResult

FrameObserver = Callable[[ReadOptions, FrameResult | AlprError, float], None]
"""Called with what became of a frame, and the seconds it took, waiting included."""


class EngineReader:
    """Reads frames as ordinary work of the engine, one at a time: each waits for its turn among
    the pictures, so that a video never has more than one thread. Each is observed."""

    def __init__(self, engine: Engine, observe: FrameObserver) -> None:
        self._engine, self._observe = engine, observe

    @property
    def decoder(self) -> PlateDecoder:
        return self._engine.pipeline.decoder

    def is_small(self, box: Box) -> bool:
        return self._engine.pipeline.is_small(box)

    def read_frame(self, frame: Frame, options: ReadOptions) -> FrameResult | None:
        """Raises InferenceError, or CancelledError where the engine is closed."""

        def read(pipeline: PlatePipeline, waited_ms: float) -> FrameResult:
            return pipeline.read_frame(frame, options, slice_until=self._look_until())

        begun = time.monotonic()
        outcome: FrameResult | AlprError
        try:
            outcome = self._result(read)
        except AlprError as error:
            outcome = error
        self._observe(options, outcome, time.monotonic() - begun)
        if isinstance(outcome, AlprError):
            raise outcome
        return outcome

    def _result(self, read: Callable[[PlatePipeline, float], FrameResult]) -> FrameResult:
        return self._engine.run(read).result()

    def _look_until(self) -> float:
        """Moment of `time.monotonic` after which no closer look begins."""
        return math.inf


class PatientReader(EngineReader):
    """Lets all pictures go first, and leaves a frame out that does not get its turn in time.

    While others wait it looks once and no closer: more frames with less detail say more of a
    vehicle that passes than few with all of it.
    """

    def __init__(self, engine: Engine, observe: FrameObserver, *, seconds: float) -> None:
        """`seconds`: how long a frame waits for its turn."""

        def observe_begun(
            options: ReadOptions, outcome: FrameResult | AlprError, spent: float
        ) -> None:
            if not isinstance(outcome, DeadlineExceeded):  # no failure: there are newer frames
                observe(options, outcome, spent)

        super().__init__(engine, observe_begun)
        self._seconds = seconds

    def _result(self, read: Callable[[PlatePipeline, float], FrameResult]) -> FrameResult:
        return self._engine.run_between(read, seconds=self._seconds)

    def _look_until(self) -> float:
        return time.monotonic() if self._engine.is_pressed else math.inf

    def read_frame(self, frame: Frame, options: ReadOptions) -> FrameResult | None:
        """None where its turn did not come, or a network failed on it, which is observed.

        Raises CancelledError where the engine is closed.
        """
        try:
            return super().read_frame(frame, options)
        except AlprError:
            return None

"""What may be asked of the reading of a video."""

from dataclasses import replace
from typing import Protocol

from pydantic import Field

from app.options import ReadDefaults, ReadQuery
from app.video.watching import WatchOptions

MAX_FPS = 60


class WatchDefaults(ReadDefaults, Protocol):
    """The settings that stand in for what is not asked for."""

    @property
    def video_fps(self) -> float: ...
    @property
    def min_agreeing(self) -> int: ...
    @property
    def new_confidence(self) -> float: ...


class VideoQuery(ReadQuery):
    """What a request for a video may choose; the rest is as for each picture."""

    fps: float | None = Field(
        None,
        gt=0,
        le=MAX_FPS,
        description="Frames read for each second of the video; the service has a default.",
    )

    def frames_a_second(self, defaults: WatchDefaults) -> float:
        return self.fps or defaults.video_fps

    def watch_options(self, defaults: WatchDefaults) -> WatchOptions:
        """What was asked for, and the settings for the rest."""
        read = self.options(defaults)
        everything = replace(read.selection, formats=frozenset())
        return WatchOptions(
            read=replace(read, selection=everything),
            min_agreeing=defaults.min_agreeing,
            new_confidence=defaults.new_confidence,
            formats=read.selection.formats,
        )

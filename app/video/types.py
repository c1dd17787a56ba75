"""The values that every part of the video side knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from app.vision.types import Frame


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One picture of a video, `at_s` seconds after its first, by the stream's own times."""

    picture: Frame
    at_s: float


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a container says of its video before it is decoded; 0 where it does not say.

    `duration_s` and `frames` are announcements: a broken file has less.
    """

    width: int
    height: int
    duration_s: float
    frames: int


@dataclass(frozen=True, slots=True)
class Silence:
    """A live stream gives no frame: so late it is, `at_s`, and nothing is seen."""

    at_s: float


class Source(Protocol):
    """What gives frames, in the order of their times: iterate over it once.

    `frames` passed by so far, those not asked for included; `dropped` of them were due and went by
    while whoever reads was busy. `abort` may be called from any thread and ends the iteration.
    """

    @property
    def frames(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    def __iter__(self) -> Iterator[VideoFrame | Silence]: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...

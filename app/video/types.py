"""The values that every part of the video side knows."""

from dataclasses import dataclass

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

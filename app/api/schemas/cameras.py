"""The bodies of answers about cameras."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from app.api.schemas.matches import MatchBody
from app.api.schemas.videos import EventLine, pass_body
from app.passes.records import ListMatch
from app.video.cameras.camera import CameraStatus
from app.video.cameras.events import CameraPass
from app.video.sources.live import State


class CameraEventBody(EventLine):
    """An event of a pass, as in the lines of `/predict/video`, with camera and clock.

    `at_s` and the times in `pass` are seconds since the camera was started.
    """

    camera: str
    at: datetime
    first_seen: datetime
    last_seen: datetime


class StreamEventBody(CameraEventBody):
    """As it is told at once: by the lists as they were known then."""

    matches: list[MatchBody] = Field(description="Lists that it is on.")


class LatencyBody(BaseModel):
    """From a frame's moment to the end of its reading, in milliseconds, of the last 200 frames."""

    p50: float
    p95: float
    worst: float


class CameraStateBody(BaseModel):
    name: str
    state: State | Literal["elsewhere", "unowned"] = Field(
        description="`waiting`: the connection was lost and is tried again in a while. "
        "`elsewhere`: another process watches it, `owner`; `unowned`: nobody does, until one of "
        "them takes it."
    )


class CameraBody(CameraStateBody):
    """How a camera is doing; counts since it was started."""

    owner: str | None = Field(
        description="The process that watches it, where several share cameras: the name of its "
        "machine, its number, and a few letters.",
    )
    source: str = Field(description="Without name, password and query.")
    since: datetime | None = Field(
        description="Since when it is in this state; null where another process watches it."
    )
    error: str | None = Field(description="Why the last connection was lost.")
    fps: float = Field(description="Frames that are to be read a second.")
    width: int | None
    height: int | None
    frames: int = Field(description="Frames that came.")
    read: int
    dropped: int = Field(description="Frames that were due, and there was no time to read them.")
    damaged: int = Field(description="Frames that could not be decoded.")
    reconnects: int
    passes: int
    unread: int = Field(description="Plates that were followed and could not be read.")
    last_frame: datetime | None
    latency_ms: LatencyBody | None
    last_pass: CameraEventBody | None


class CamerasBody(BaseModel):
    cameras: list[CameraBody]
    error: str | None = Field(
        description="What is wrong with the file of cameras; those before it go on."
    )


def camera_event(told: CameraPass, *, crops: bool = False) -> CameraEventBody:
    return CameraEventBody(
        event=told.event.kind,
        at_s=round(told.event.at_s, 3),
        passing=pass_body(told.event.passing, crops=crops),
        camera=told.camera,
        at=told.at,
        first_seen=told.first_seen,
        last_seen=told.last_seen,
    )


def stream_event(told: CameraPass, matches: Iterable[ListMatch]) -> StreamEventBody:
    event = camera_event(told, crops=told.crops)
    return StreamEventBody.model_construct(
        **dict(event), matches=[MatchBody(**asdict(match)) for match in matches]
    )


def camera_body(status: CameraStatus, owner: str | None = None) -> CameraBody:
    width, height = status.size or (None, None)
    return CameraBody(
        name=status.name,
        source=status.source,
        state=status.state,
        owner=owner,
        since=status.since,
        error=status.error,
        fps=status.fps,
        width=width,
        height=height,
        frames=status.frames,
        read=status.read,
        dropped=status.dropped,
        damaged=status.damaged,
        reconnects=status.reconnects,
        passes=status.passes,
        unread=status.unread,
        last_frame=status.last_frame,
        latency_ms=_latency(status),
        last_pass=None if status.last_pass is None else camera_event(status.last_pass),
    )


def state_elsewhere(owner: str | None) -> Literal["elsewhere", "unowned"]:
    return "unowned" if owner is None else "elsewhere"


def elsewhere_body(name: str, source: str, owner: str | None, fps: float) -> CameraBody:
    """A camera that this process does not watch, of which it has counted nothing."""
    return CameraBody(
        name=name,
        source=source,
        state=state_elsewhere(owner),
        owner=owner,
        since=None,
        error=None,
        fps=fps,
        width=None,
        height=None,
        frames=0,
        read=0,
        dropped=0,
        damaged=0,
        reconnects=0,
        passes=0,
        unread=0,
        last_frame=None,
        latency_ms=None,
        last_pass=None,
    )


def _latency(status: CameraStatus) -> LatencyBody | None:
    if not status.latency_s:
        return None
    p50, p95, worst = np.round(np.percentile(status.latency_s, [50, 95, 100]) * 1e3, 1).tolist()
    return LatencyBody(p50=p50, p95=p95, worst=worst)

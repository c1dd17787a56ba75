"""Settings: how videos are read."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.options import Probability


class VideoSettings(BaseSettings):
    """What makes a pass, and the limits of one video."""

    video_fps: float = Field(
        5.0, gt=0, le=60, description="Frames read for each second of a video."
    )
    min_agreeing: int = Field(
        2, gt=0, description="Reads of the same text that make a pass of a video; less is not told."
    )
    new_confidence: Probability = Field(
        0.9, description="Probability from which a pass is told while it lasts: what opens a gate."
    )
    max_videos: int = Field(2, gt=0, description="Videos read at a time; more get 503.")
    max_video_bytes: int = Field(500_000_000, gt=0, description="Largest video in bytes.")
    max_video_seconds: float = Field(900.0, gt=0, description="Longest video in its own seconds.")
    video_upload_timeout: float = Field(
        300.0, gt=0, description="Seconds the upload of a video may take."
    )
    video_deadline: float = Field(
        900.0, gt=0, description="Seconds a video may be read; what was read by then is answered."
    )

    # Cameras
    cameras_file: Path | None = Field(
        None,
        description="File of the cameras that are watched all the time (YAML); read again when it "
        "changes and on SIGHUP.",
    )
    camera_leases: Literal["auto", "off"] = Field(
        "auto",
        description="`auto`: processes that know the same cameras and keep passes in the same "
        "PostgreSQL share them, and each camera is watched by one. `off`: this process watches "
        "all cameras of its file.",
    )
    events_kept: int = Field(
        1000,
        gt=0,
        description="Events of passes kept in memory, for clients of `/passes/stream` that come "
        "back.",
    )

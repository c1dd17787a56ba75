"""Video files and the labels.csv beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from app.lab.synth.labels import new_labels
from app.lab.synth.video.types import PassTruth, VideoFrame

COLUMNS: Final = ("file", "text", "start_s", "end_s", "condition")
QUALITY: Final = 90
MILLISECONDS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A file to write. `fps` is the rate of frames that are evenly spaced, None for others."""

    name: str
    frames: Iterable[VideoFrame]
    truth: tuple[PassTruth, ...]
    fps: float | None
    condition: str = ""


def write_clip(
    path: Path, frames: Iterable[VideoFrame], *, fps: float | None, quality: int = QUALITY
) -> None:
    """Motion JPEG in QuickTime (.mov), the times of the frames as they are to the millisecond.

    `fps` is the rate of frames that are evenly spaced, None for others. OpenCV's wheel has no
    encoder of H.264, and its own writer no times: so frames are encoded here.

    Raises:
        OSError: the file cannot be written.
    """
    base = fps or MILLISECONDS
    writer: cv2.VideoWriter | None = None
    for frame in frames:
        if writer is None:
            height, width = frame.picture.shape[:2]
            writer = cv2.VideoWriter(
                str(path),
                cv2.CAP_FFMPEG,
                cv2.VideoWriter.fourcc(*"jpeg"),
                base,
                (width, height),
                [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1],
            )
            if not writer.isOpened():
                raise OSError(f"{path} cannot be written.")
        _, data = cv2.imencode(".jpg", frame.picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        writer.set(cv2.VIDEOWRITER_PROP_PTS, round(frame.at_s * base))
        writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, 1)
        writer.write(data.reshape(1, -1))
    if writer is not None:
        writer.release()


def write_set(folder: Path, clips: Iterable[Clip]) -> Path:
    """Write clips and labels.csv; returns the path of the latter.

    Raises FileExistsError where the folder has a labels.csv already.
    """
    labels = folder / "labels.csv"
    with new_labels(labels, COLUMNS) as add:
        for clip in clips:
            write_clip(folder / clip.name, clip.frames, fps=clip.fps)
            for one in clip.truth:
                add((clip.name, one.text, one.start_s, one.end_s, clip.condition))
            if not clip.truth:
                add((clip.name, "", "", "", clip.condition))
    return labels

"""The process that decodes: `python -m app.video.sources.decoding FILE FPS MAX_PIXELS`.

FFmpeg works on whatever somebody uploads. In a process of its own, a stream that crashes or stalls
it, or fills the memory, ends this process and nothing else. It imports nothing but OpenCV.

It writes messages to standard output: a line of JSON, for a frame followed by its pixels.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any, BinaryIO

FORMATS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,m4v,mjpeg,ivf"
"""FFmpeg's demuxers that read one file and nothing beyond it: no playlists, no lists of files."""

MEMORY = 4 << 30
EARLY_S = 1e-3
"""Times are rounded in containers: a frame may be so much before its moment."""

CAPTURE_OPTIONS = "protocol_whitelist;file|format_whitelist;" + FORMATS


def main(path: str, fps: float, max_pixels: int) -> None:
    """Write the frames of a file, at most `fps` for each second of its time."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = CAPTURE_OPTIONS
    os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import cv2  # noqa: PLC0415  # reads the variables above when it is loaded

    out = sys.stdout.buffer
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        send(out, {"kind": "unreadable"})
        return
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    nominal = capture.get(cv2.CAP_PROP_FPS)
    nominal = nominal if 0 < nominal <= 1000 else 25.0
    announced = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    info = {"width": width, "height": height, "duration_s": announced / nominal}
    counted = keeps_count(path)
    send(out, {"kind": "info", "frames": announced, "counted": counted, **info})
    if width * height > max_pixels:
        return
    frames, slot, at_s = 0, -1, 0.0
    while capture.grab():
        told = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        # Streams without times stand still: only there the nominal rate says what time it is.
        at_s = told if not frames or told > at_s else at_s + 1 / nominal
        frames += 1
        due = int((at_s + EARLY_S) * fps)
        if due <= slot:
            continue
        done, picture = capture.retrieve()
        if not done or picture.shape[0] * picture.shape[1] > max_pixels:
            continue
        slot = due
        shape = {"height": picture.shape[0], "width": picture.shape[1]}
        send(out, {"kind": "frame", "at_s": at_s, "frames": frames, **shape}, picture.tobytes())
    send(out, {"kind": "end", "at_s": at_s, "frames": frames})


def keeps_count(path: str) -> bool:
    """Whether the container says how many frames it has, as MP4, MOV and AVI do. Of others OpenCV
    multiplies the duration with a rate, which where it varies is nobody's."""
    with open(path, "rb") as file:  # noqa: PTH123  # imports nothing but OpenCV
        head = file.read(12)
    return head[:4] == b"RIFF" or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")


def send(out: BinaryIO, message: dict[str, Any], payload: bytes = b"") -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.write(payload)
    out.flush()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))

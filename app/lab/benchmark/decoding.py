"""What a JPEG of 12 megapixels costs to decode at parts of its size.

The JPEG library scales while it decodes, but it has to undo the entropy coding of every block,
whatever the scale, and of all of them to cut a window out of the picture.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.errors import InvalidRequest
from app.lab.benchmark.frames import TWELVE_MEGAPIXELS, write_frames
from app.pictures import find_pictures

MAX_PICTURES = 6
SCALES = {
    "1": cv2.IMREAD_COLOR,
    "1/2": cv2.IMREAD_REDUCED_COLOR_2,
    "1/4": cv2.IMREAD_REDUCED_COLOR_4,
    "1/8": cv2.IMREAD_REDUCED_COLOR_8,
}
NOISE = 6.0
"""Standard deviation in grey levels, as a phone's sensor adds it: enlarged photos have none, and
so fewer bytes than a real one of this size."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--repeats", type=types.count, default=5)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    pictures = list(find_pictures(arguments.pictures))[:MAX_PICTURES]
    if not pictures:
        raise InvalidRequest("There are no pictures to decode.")
    with tempfile.TemporaryDirectory() as directory:
        frames = write_frames(pictures, Path(directory), TWELVE_MEGAPIXELS)
        plain = [path.read_bytes() for path in frames]
    table = Table("", "kB", *SCALES, title=f"{datetime.now(UTC).date()}, processor time, ms")
    for name, jpegs in (("enlarged", plain), ("with noise", [_noisy(jpeg) for jpeg in plain])):
        times = (decode_ms(jpegs, scale, arguments.repeats) for scale in SCALES.values())
        size = sum(map(len, jpegs)) // len(jpegs) // 1000
        table.add_row(name, str(size), *(f"{spent:.0f}" for spent in times))
    Console().print(table)
    return 0


def decode_ms(jpegs: Sequence[bytes], scale: int, repeats: int) -> float:
    """Processor time to decode one of them, in milliseconds; `scale` is one of OpenCV's flags."""
    buffers = [np.frombuffer(jpeg, np.uint8) for jpeg in jpegs]
    begun = time.process_time()
    for _ in range(repeats):
        for buffer in buffers:
            cv2.imdecode(buffer, scale)
    return (time.process_time() - begun) / (repeats * len(buffers)) * 1000


def _noisy(jpeg: bytes) -> bytes:
    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if frame is None:
        raise InvalidRequest("A frame that was written cannot be read.")
    noise = np.random.default_rng(0).normal(0.0, NOISE, frame.shape)
    noisy = np.clip(frame + noise, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()

"""The process that decodes a live stream: `python -m app.video.sources.capture`.

FFmpeg works on whatever a network sends, and blocks as long as it likes: in a process of its own it
can be killed. What to open comes as a line of JSON on standard input, where nobody else on the
machine can read a password; each further line asks for one frame. Answers go to standard output, as
those of `app.video.sources.decoding`. It ends when its standard input does.
"""

import contextlib
import json
import os
import resource
import select
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from app.addresses import is_public
from app.video.sources.decoding import MEMORY, send
from app.video.sources.pacing import Pacer

_PORTS = {"rtsp": 554, "rtsps": 322}


class Asking:
    """Lines of standard input, read past Python's buffer: whether there are any is asked of it."""

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()
        self._read = b""
        self.ended = False

    def line(self) -> bytes:
        """The next one, waited for."""
        while b"\n" not in self._read and not self.ended:
            self._more()
        line, _, self._read = self._read.partition(b"\n")
        return line

    def waiting(self) -> int:
        """How many are there."""
        while not self.ended and select.select([self._descriptor], [], [], 0)[0]:
            self._more()
        return self._read.count(b"\n")

    def _more(self) -> None:
        piece = os.read(self._descriptor, 1 << 12)
        self._read += piece
        self.ended = not piece


def main() -> None:
    asking = Asking()
    asked: dict[str, Any] = json.loads(asking.line())
    options = f"rtsp_transport;{asked['transport']}|fflags;nobuffer"
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
        f"protocol_whitelist;rtp,srtp,tcp,udp,tls,crypto|{options}"
    )
    os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # it writes addresses with their passwords
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import cv2  # noqa: PLC0415  # reads the variables above when it is loaded

    cv2.setNumThreads(1)
    out = sys.stdout.buffer
    if asked["kind"] == "device":
        capture = cv2.VideoCapture(asked["url"], cv2.CAP_V4L2)
    else:
        url = guarded(asked["url"], named=asked["named"])
        if url is None:
            send(out, {"kind": "refused"})
            return
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(asked["open_s"] * 1e3)]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(asked["read_s"] * 1e3)]
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        send(out, {"kind": "unreachable"})
        return
    give(capture, Pacer(asked["fps"]), asking, asked["max_pixels"])


def guarded(url: str, *, named: bool) -> str | None:
    """The URL to open; None where it leads to an address that is no public one.

    The host of one that is not `named` is replaced by the address that was looked at, so that no
    second look-up can give another.
    """
    if named:
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or _PORTS[parts.scheme]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        return None
    literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return parts._replace(netloc=f"{literal}:{port}").geturl()


def give(capture: Any, pacer: Pacer, asking: Asking, max_pixels: int) -> None:
    """Take every frame as it comes, and send the newest whenever one is asked for."""
    import cv2  # noqa: PLC0415

    out, frames, at_s = sys.stdout.buffer, 0, 0.0
    told_before, before = -1.0, time.monotonic()
    while capture.grab():
        now = time.monotonic()
        told = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        # Of a stream without times they stand still: there, when it came is all that is known.
        at_s = told if told != told_before else at_s + now - before
        told_before, before = told, now
        frames += 1
        pacer.see(at_s)
        waiting = asking.waiting()
        if asking.ended:  # nobody is there any more
            return
        if not waiting or not pacer.is_due:
            continue
        done, picture = capture.retrieve()
        if not done or picture.shape[0] * picture.shape[1] > max_pixels:
            continue
        pacer.take()
        asking.line()
        counted = {"at_s": at_s, "frames": frames, "dropped": pacer.dropped}
        shape = {"height": picture.shape[0], "width": picture.shape[1]}
        send(out, {"kind": "frame", **counted, **shape}, picture.tobytes())
    send(out, {"kind": "end"})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()

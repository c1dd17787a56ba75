"""RTSP streams and local devices, decoded in a process of their own."""

import json
import time

import numpy as np

from app.errors import CameraLost, UrlNotAllowed
from app.video.sources.address import SourceAddress
from app.video.sources.connection import Arrival
from app.video.sources.process import DecoderProcess

_SLACK_S = 5.0
"""FFmpeg's own time-outs come so much later than those of whoever waits for it."""


class CapturedConnection:
    """FFmpeg or Video4Linux at work in another process, which is killed where it hangs."""

    def __init__(
        self,
        address: SourceAddress,
        *,
        fps: float,
        max_pixels: int,
        named: bool,
        transport: str,
        open_s: float,
        read_s: float,
    ) -> None:
        """
        Args:
            named: the host may be a private one, and is given the password.
            transport: of RTSP: tcp or udp.

        Raises:
            UrlNotAllowed: a password for a host that is not named.
        """
        if address.is_url and not named and (address.user or address.password):
            raise UrlNotAllowed("Only hosts of ALPR_URL_PRIVATE_HOSTS are given a password.")
        self.frames = self.dropped = self.damaged = 0
        self._asked = False
        self._decoder = DecoderProcess("app.video.sources.capture", asked=True)
        wanted = {
            "kind": address.kind,
            "url": address.url,
            "named": named,
            "transport": transport,
            "fps": fps,
            "max_pixels": max_pixels,
            "open_s": open_s + _SLACK_S,
            "read_s": read_s + _SLACK_S,
        }
        self._decoder.tell(json.dumps(wanted).encode() + b"\n")

    def next(self, seconds: float) -> Arrival | None:
        """As `Connection.next`. Raises CameraLost, UrlNotAllowed."""
        if not self._asked:
            self._decoder.tell(b"\n")
            self._asked = True
        message = self._decoder.message(seconds)
        arrived_s = time.monotonic()
        if message is None:
            if self._decoder.ended:
                raise CameraLost("The stream cannot be decoded.")
            return None
        match message["kind"]:
            case "refused":
                raise UrlNotAllowed("The URL does not lead to a public address.")
            case "unreachable":
                raise CameraLost("The camera does not answer, or not with a video.")
            case "end":
                raise CameraLost("The stream ended.")
        self._asked = False
        self.frames, self.dropped = message["frames"], message["dropped"]
        shape = message["height"], message["width"], 3
        pixels = self._decoder.take(shape[0] * shape[1] * shape[2], _SLACK_S)
        if pixels is None:
            raise CameraLost("The stream cannot be decoded.")
        picture = np.frombuffer(pixels, np.uint8).reshape(shape)
        return Arrival(picture, message["at_s"], arrived_s)

    def abort(self) -> None:
        self._decoder.kill()

    def close(self) -> None:
        self._decoder.close()

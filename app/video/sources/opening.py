"""An address to the source that gives its frames."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from app.errors import AlprError
from app.fetch import UrlFetcher
from app.video.sources.address import SourceAddress
from app.video.sources.captured import CapturedConnection
from app.video.sources.connection import Connection
from app.video.sources.folder import FolderConnection
from app.video.sources.http import HttpConnection
from app.video.sources.live import LiveSource, Patience, State

Transport = Literal["tcp", "udp"]

FOREVER = float("inf")
_SLOTS = 3
"""A camera that is asked for a picture a minute is not silent after ten seconds."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """`fetcher` says which hosts may be private, and are given a password."""

    fps: float
    max_pixels: int
    fetcher: UrlFetcher
    transport: Transport = "tcp"
    patience: Patience = field(default_factory=Patience)


def open_live(
    address: SourceAddress,
    options: LiveOptions,
    *,
    tell: Callable[[State, AlprError | None], None] = lambda state, error: None,
) -> LiveSource:
    """Frames of an address, file excepted, connected for as long as it is iterated over.

    Args:
        tell: as for `LiveSource`.
    """
    patience = options.patience
    if address.kind == "folder":
        patience = replace(patience, open_s=FOREVER, read_s=FOREVER)
    else:
        slots_s = _SLOTS / options.fps
        patience = replace(patience, read_s=max(patience.read_s, slots_s))

    def connect() -> Connection:
        if address.kind == "folder":
            return FolderConnection(Path(address.location), max_pixels=options.max_pixels)
        if address.kind == "http":
            return HttpConnection(
                address.url, options.fetcher, fps=options.fps, max_pixels=options.max_pixels
            )
        return CapturedConnection(
            address,
            fps=options.fps,
            max_pixels=options.max_pixels,
            named=address.host in options.fetcher.private_hosts,
            transport=options.transport,
            open_s=patience.open_s,
            read_s=patience.read_s,
        )

    return LiveSource(connect, patience, tell=tell)

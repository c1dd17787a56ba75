"""Cameras for `watch`: all at once, until somebody ends it."""

import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType

import cv2
from rich.console import Console
from rich.live import Live
from rich.table import Table

from app.api.schemas.cameras import camera_event
from app.building import build_engine
from app.config import Settings
from app.errors import AlprError
from app.fetch import UrlFetcher
from app.pictures import PictureFolder
from app.video.cameras.camera import Surroundings
from app.video.cameras.config import CameraPlan
from app.video.cameras.events import CameraEvent, CameraPass, CameraState
from app.video.cameras.supervisor import Supervisor
from app.vision.pipeline import ReadOptions
from app.vision.types import FrameResult
from app.weights.resolve import resolve_weights

ROWS = 30
"""Of the table: the newest passes."""


def watch_cameras(
    plans: Mapping[str, CameraPlan],
    settings: Settings,
    *,
    named: Iterable[str],
    as_json: bool,
    folder: PictureFolder | None,
) -> int:
    """Show the passes of cameras until SIGINT or SIGTERM.

    Args:
        named: hosts that may be private besides those of the settings: who names a camera on the
            command line means it.
    """
    engine = build_engine(settings, resolve_weights(settings))
    fetcher = UrlFetcher(
        private_hosts=frozenset({*(host.lower() for host in settings.url_private_hosts), *named}),
        max_bytes=settings.max_upload_bytes,
        max_redirects=settings.url_max_redirects,
        timeout=settings.url_timeout,
    )
    around = Surroundings(engine, settings, fetcher, lambda name: _tell_of_failures)
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    shown = _Shown(as_json=as_json, folder=folder)
    supervisor = Supervisor(around, [shown.take])
    try:
        with shown:
            supervisor.apply(plans)
            ended.wait()
            supervisor.close()
    finally:
        supervisor.close()
        engine.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _tell_of_failures(options: ReadOptions, outcome: FrameResult | AlprError, spent: float) -> None:
    if isinstance(outcome, AlprError):
        print(f"a frame was not read: {outcome}", file=sys.stderr)


class _Shown:
    """What is printed of cameras, one line or row at a time."""

    def __init__(self, *, as_json: bool, folder: PictureFolder | None) -> None:
        self._as_json, self._folder = as_json, folder
        self._rows: list[tuple[str, ...]] = []
        self._lock = threading.Lock()
        self._live = None if as_json else Live(self._table(), console=Console())

    def __enter__(self) -> None:
        if self._live is not None:
            self._live.start()

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, event: CameraEvent) -> None:
        with self._lock:
            if isinstance(event, CameraPass):
                self._take_pass(event)
            elif isinstance(event, CameraState) and event.error is not None:
                print(f"{event.camera}: {event.error}", file=sys.stderr)

    def _take_pass(self, told: CameraPass) -> None:
        if self._as_json:
            print(camera_event(told, crops=told.crops).model_dump_json(by_alias=True), flush=True)
        if told.event.kind != "end":
            return
        if self._folder is not None:
            jpeg = cv2.imencode(".jpg", told.event.passing.best.picture)[1].tobytes()
            suffix = f"-{told.first_seen:%Y%m%dT%H%M%S}.jpg"
            self._folder.save(Path(told.camera.replace(".", "-")), suffix, jpeg)
        if self._live is not None:
            self._rows = [*self._rows, _row(told)][-ROWS:]
            self._live.update(self._table())

    def _table(self) -> Table:
        table = Table("camera", "plate", "confidence", "format", "seen", "for", "reads", "motion")
        for row in self._rows:
            table.add_row(*row)
        return table


def _row(told: CameraPass) -> tuple[str, ...]:
    passing = told.event.passing
    reading = passing.reading
    return (
        told.camera,
        reading.plate,
        f"{reading.confidence:.2f}",
        reading.validation.format or "not NZ",
        f"{told.first_seen.astimezone():%H:%M:%S}",
        f"{passing.last_seen_s - passing.first_seen_s:.1f} s",
        f"{reading.agreeing}/{reading.reads}",
        passing.direction.motion,
    )

"""What Prometheus scrapes of cameras."""

import os
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.video.cameras.events import CameraEvent, CameraPass, CameraProgress, CameraState

_AGES: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0)
_CONFIDENCES: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)
NO_FORMAT: Final = "none"


class CameraMetrics:
    """Metrics by camera; those of a camera that is no more are forgotten."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.live = Gauge(
            "alpr_camera_live",
            "1 while the camera gives frames",
            ["camera"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.owned_here = Gauge(
            "alpr_camera_owned",
            "1 for a camera of the file that is watched here, 0 for one that another process has "
            "to watch",
            ["camera"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.frames = Counter(
            "alpr_camera_frames_total",
            "Frames that came, most of which need not be read",
            ["camera"],
            registry=registry,
        )
        self.dropped = Counter(
            "alpr_camera_frames_dropped_total",
            "Frames that were due, and there was no time to read them",
            ["camera"],
            registry=registry,
        )
        self.damaged = Counter(
            "alpr_camera_frames_damaged_total",
            "Frames that could not be decoded",
            ["camera"],
            registry=registry,
        )
        self.lag = Histogram(
            "alpr_camera_lag_seconds",
            "Age of each frame read, at the end of its reading",
            ["camera"],
            buckets=_AGES,
            registry=registry,
        )
        self.lost = Counter(
            "alpr_camera_connections_lost_total",
            "Connections that were lost, or not made",
            ["camera"],
            registry=registry,
        )
        self.passes = Counter(
            "alpr_camera_passes_total",
            "Vehicles that passed, by the format of their plate; none for those of no series",
            ["camera", "format"],
            registry=registry,
        )
        self.unread = Counter(
            "alpr_camera_unread_total",
            "Plates that were followed and could not be read",
            ["camera"],
            registry=registry,
        )
        self.confidence = Histogram(
            "alpr_camera_confidence_score",
            "Confidence of the best single frame of each pass",
            ["camera"],
            buckets=_CONFIDENCES,
            registry=registry,
        )
        self._by_camera = (
            *(self.live, self.frames, self.dropped, self.damaged, self.lag, self.lost),
            *(self.unread, self.confidence),
        )
        self._formats: dict[str, set[str]] = {}
        self._known: set[str] = set()

    def owned(self, cameras: Mapping[str, bool]) -> None:
        """Which cameras there are, and whether this process watches them."""
        for camera in self._known - cameras.keys():
            self._remove(self.owned_here, camera)
        self._known = set(cameras)
        for camera, here in cameras.items():
            self.owned_here.labels(camera).set(here)

    def observe(self, event: CameraEvent) -> None:
        match event:
            case CameraProgress():
                self._observe_progress(event)
            case CameraPass() if event.event.kind == "end":
                self._observe_pass(event)
            case CameraState():
                self._observe_state(event)

    def _observe_progress(self, told: CameraProgress) -> None:
        self.frames.labels(told.camera).inc(told.frames)
        self.dropped.labels(told.camera).inc(told.dropped)
        self.damaged.labels(told.camera).inc(told.damaged)
        self.unread.labels(told.camera).inc(told.unread)
        if told.age_s is not None:
            self.lag.labels(told.camera).observe(told.age_s)

    def _observe_pass(self, told: CameraPass) -> None:
        passing = told.event.passing
        form = passing.reading.validation.format or NO_FORMAT
        self._formats.setdefault(told.camera, set()).add(form)
        self.passes.labels(told.camera, form).inc()
        self.confidence.labels(told.camera).observe(passing.best.plate.characters.confidence)

    def _observe_state(self, told: CameraState) -> None:
        if told.state == "ended":
            self._forget(told.camera)
            return
        self.live.labels(told.camera).set(told.state == "live")
        self.lost.labels(told.camera).inc(told.state == "waiting")

    def _forget(self, camera: str) -> None:
        for metric in self._by_camera:
            self._remove(metric, camera)
        for form in self._formats.pop(camera, set()):
            self._remove(self.passes, camera, form)

    @staticmethod
    def _remove(metric: Counter | Gauge | Histogram, *labels: str) -> None:
        """Files that processes share keep what was in them: there it can only be 0."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            metric.remove(*labels)
        elif isinstance(metric, Gauge):
            metric.labels(*labels).set(0)

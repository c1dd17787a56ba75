"""What Prometheus scrapes."""

import os
import platform
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app import __version__
from app.api.camera_metrics import CameraMetrics
from app.api.notify_metrics import NotifyMetrics
from app.errors import AlprError, DeadlineExceeded, InternalError
from app.records import PictureRecord
from app.vision.types import FrameResult

_SECONDS = (
    *(0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1),
    *(0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0),
)
_CONFIDENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)


class Metrics:
    """All metrics of one application, in a registry of their own.

    With several worker processes, `PROMETHEUS_MULTIPROC_DIR` makes them share their values.
    """

    def __init__(self, *, low_confidence: float) -> None:
        """`low_confidence`: readings below it are no plain success."""
        self.registry = CollectorRegistry()
        self._low_confidence = low_confidence
        self.predictions = Counter(
            "alpr_predictions_total",
            "Pictures read by outcome: success, low_confidence, failure (no plate), error (a fault "
            "of the service, or too late)",
            ["status"],
            registry=self.registry,
        )
        self.inference = Histogram(
            "alpr_inference_duration_seconds",
            "Time to read one picture, from bytes to plates",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.pictures = Histogram(
            "alpr_picture_duration_seconds",
            "Time from accepting a picture to its result or error, waiting included, by the work "
            "asked for: read, redact, watch (one frame of a video)",
            ["work"],
            buckets=(*_SECONDS, 10.0, 30.0),
            registry=self.registry,
        )
        self.picture_errors = Counter(
            "alpr_picture_errors_total",
            "Accepted pictures without a result, those of batches and of APIs that answer errors "
            "with 200 included, by work and code",
            ["work", "code"],
            registry=self.registry,
        )
        self.confidence = Histogram(
            "alpr_confidence_score",
            "Confidence of the plates read",
            buckets=_CONFIDENCES,
            registry=self.registry,
        )
        self.stages = Histogram(
            "alpr_stage_duration_seconds",
            "Time spent on one picture by stage",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.rejections = Counter(
            "alpr_rejected_detections_total",
            "Detections that are no plate of the answer, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.passes = Counter(
            "alpr_detector_passes_total",
            "Runs of the detector, several for a picture that is looked at closely",
            registry=self.registry,
        )
        self.corrections = Counter(
            "alpr_corrected_plates_total",
            "Plates offered with a correction",
            registry=self.registry,
        )
        self.redacted = Counter(
            "alpr_redacted_plates_total",
            "Plates covered in pictures that were asked for without them",
            registry=self.registry,
        )
        self.vehicle_passes = Counter(
            "alpr_vehicle_passes_total",
            "Vehicles that passed in videos",
            registry=self.registry,
        )
        self.passes_stored = Counter(
            "alpr_passes_stored_total",
            "Passes written to the store",
            registry=self.registry,
        )
        self.passes_lost = Counter(
            "alpr_passes_lost_total",
            "Passes that could not be kept: no room on the disk, or among those that wait",
            registry=self.registry,
        )
        self.passes_waiting = Gauge(
            "alpr_passes_waiting",
            "Passes that are not yet in the database",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.passes_fenced = Counter(
            "alpr_passes_fenced_total",
            "Events of cameras that moved to another process: continued (the vehicle was kept "
            "already), refused (seen by one who had lost the camera)",
            ["outcome"],
            registry=self.registry,
        )
        self.list_matches = Counter(
            "alpr_list_matches_total",
            "Passes of vehicles that are on a list, by its kind: allow, watch, ignore (not kept)",
            ["kind"],
            registry=self.registry,
        )
        self.gate_decisions = Counter(
            "alpr_gate_decisions_total",
            "Decisions of gates by reason: opened, dry_run, or why they stayed closed",
            ["gate", "reason"],
            registry=self.registry,
        )
        self.refused = Counter(
            "alpr_refused_requests_total",
            "Requests answered with an error, by its code",
            ["code"],
            registry=self.registry,
        )
        self.key_refusals = Counter(
            "alpr_key_refusals_total",
            "Requests refused because a key, by its name, has used up what it may: rate_limited, "
            "share_exceeded",
            ["key", "code"],
            registry=self.registry,
        )
        self.running = Gauge(
            "alpr_pictures_running",
            "Pictures being read now",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.queued = Gauge(
            "alpr_pictures_queued",
            "Pictures accepted and waiting for a thread",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.workers = Gauge(
            "alpr_workers",
            "Threads that read pictures",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.stuck = Gauge(
            "alpr_workers_stuck",
            "Threads on one picture for longer than the deadline",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._in_use = Gauge(
            "alpr_budget_in_use",
            "Pictures accepted, bytes of request bodies in memory, URLs being fetched, videos, "
            "requests to the store",
            ["budget"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._limit = Gauge(
            "alpr_budget_limit",
            "How much of each budget there is; more is refused",
            ["budget"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.http_requests = Counter(
            "alpr_http_requests_total",
            "HTTP requests by route template and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.http_duration = Histogram(
            "alpr_http_request_duration_seconds",
            "Time from a request's first byte to the end of its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.store_free = Gauge(
            "alpr_store_free_bytes",
            "Bytes that are free where the store keeps its files",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.cameras = CameraMetrics(self.registry)
        self.notify = NotifyMetrics(self.registry)
        self._build = Gauge(
            "alpr_build_info",
            "Version of the service and of Python",
            ["version", "python"],
            registry=self.registry,
            multiprocess_mode="max",
        )
        self._models = Gauge(
            "alpr_model_info",
            "Networks in use and the execution provider they run on",
            ["kind", "model", "provider"],
            registry=self.registry,
            multiprocess_mode="max",
        )
        self._build.labels(__version__, platform.python_version()).set(1)

    def observe_load(self, queued: int, running: int) -> None:
        self.queued.set(queued)
        self.running.set(running)

    def budget(self, name: str, limit: int) -> Callable[[int], None]:
        """Show a budget with its limit; what is returned tells how much of it is in use."""
        self._limit.labels(name).set(limit)
        in_use = self._in_use.labels(name)
        in_use.set(0)
        return in_use.set

    def observe_model(self, kind: str, model: str, provider: str) -> None:
        self._models.labels(kind, model, provider).set(1)

    def observe_record(self, record: PictureRecord) -> None:
        """Count one picture, whatever became of it."""
        self.pictures.labels(record.work).observe(record.seconds)
        outcome = record.outcome
        if isinstance(outcome, AlprError):
            self.picture_errors.labels(record.work, outcome.code).inc()
            if record.work == "read" and isinstance(outcome, InternalError | DeadlineExceeded):
                self.predictions.labels("error").inc()
            return
        for stage, milliseconds in outcome.timings_ms.items():
            self.stages.labels(stage).observe(milliseconds / 1e3)
        self.passes.inc(outcome.passes)
        if isinstance(outcome, FrameResult):
            self._observe_reading(outcome, record.busy_seconds or 0.0)
            if not record.frame:  # most frames of a video show no plate, which is no failure
                self._observe_success(outcome)
        else:
            self.redacted.inc(len(outcome.plates))

    def _observe_reading(self, result: FrameResult, seconds: float) -> None:
        self.inference.observe(seconds)
        for reason, count in result.rejected.items():
            self.rejections.labels(reason).inc(count)
        for plate in result.plates:
            self.confidence.observe(plate.characters.confidence)
            if plate.reading.corrected_plate is not None:
                self.corrections.inc()

    def _observe_success(self, result: FrameResult) -> None:
        best = result.best
        if best is None:
            self.predictions.labels("failure").inc()
        elif best.characters.confidence < self._low_confidence:
            self.predictions.labels("low_confidence").inc()
        else:
            self.predictions.labels("success").inc()

    def exposition(self) -> bytes:
        """All values in Prometheus' text format, of all worker processes."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

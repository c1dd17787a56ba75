"""What the routes share: built once at start, closed at the end."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from fastapi import Request

from app.admission import Admission, Budget
from app.api.auth import KeyRing, key_ring
from app.api.compat.usage import CallCounter
from app.api.counting import Counting, follow_keys, open_counting
from app.api.metrics import Metrics
from app.api.passes import PassStream
from app.api.schemas.cameras import stream_event
from app.api.sharing import open_turns, share_cameras
from app.api.storing import (
    Gates,
    camera_keeper,
    listed_passes,
    open_gates,
    open_notifier,
    open_store,
)
from app.api.transport.receiving import Receiving
from app.building import build_engine
from app.config import Settings
from app.engine import Engine
from app.errors import NotReady
from app.fetch import UrlFetcher
from app.files.following import FollowedFile
from app.limits.allowances import Allowances
from app.passes.records import PassSink
from app.records import PictureRecord, RecordLog, RecordObserver, frame_recorder
from app.video.cameras.camera import Surroundings
from app.video.cameras.config import CameraPlan, load_cameras
from app.video.cameras.events import CameraEvent, CameraPass
from app.video.cameras.supervisor import Supervisor
from app.video.reading import FrameObserver
from app.vision.backends.runtime import Runtime
from app.weights.resolve import Weights, resolve_weights

if TYPE_CHECKING:
    from app.api.tracing.tracing import Tracing
    from app.passes.cameras.keeper import SharedCameras
    from app.passes.notify.notifier import Notifier
    from app.passes.store.store import PassStore

CAMERAS_ROUTE = "/cameras"
"""Of the frames of cameras, in records."""
MAX_STREAMS = 64
"""Clients of `/passes/stream` at a time; more get 503."""
MAX_SEARCHES = 8
"""Requests to the store at a time; more get 503."""


@dataclass(slots=True)
class Service:
    settings: Settings
    weights: Weights
    engine: Engine
    admission: Admission
    videos: Budget
    receiving: Receiving
    fetches: Budget
    metrics: Metrics
    keys: KeyRing
    fetcher: UrlFetcher
    counting: Counting
    observers: tuple[RecordObserver, ...]
    supervisor: Supervisor
    passes: PassStream
    streams: Budget
    searches: Budget
    store: "PassStore | None" = None
    sink: PassSink | None = None
    notifier: "Notifier | None" = None
    gates: Gates | None = None
    shared_cameras: "SharedCameras | None" = None
    keys_file: FollowedFile | None = None
    cameras_file: FollowedFile | None = None
    targets_file: FollowedFile | None = None
    gates_file: FollowedFile | None = None
    tracing: "Tracing | None" = None
    started: float = field(default_factory=time.monotonic)
    draining: bool = False

    @property
    def usage(self) -> CallCounter:
        return self.counting.usage

    @property
    def allowances(self) -> Allowances:
        return self.counting.allowances

    @property
    def files(self) -> list[FollowedFile]:
        """Those that are read again when they change."""
        known = self.keys_file, self.cameras_file, self.targets_file, self.gates_file
        return [file for file in known if file is not None]

    @property
    def runtimes(self) -> dict[str, Runtime]:
        """What each network really runs on."""
        pipeline = self.engine.pipeline
        return {
            "detector": pipeline.detector.session.runtime,
            "ocr": pipeline.recognizer.session.runtime,
        }

    @property
    def stuck(self) -> int:
        """Workers on a picture for longer than any may take, whose caller has been answered."""
        return self.engine.stuck(self.settings.deadline)

    def measure(self) -> None:
        """Metrics of what nobody tells of. Raises OSError."""
        self.metrics.stuck.set(self.stuck)
        if self.store is not None:
            self.metrics.store_free.set(shutil.disk_usage(self.settings.store_path).free)

    def check_ready(self) -> None:
        """Raises NotReady where a request had better go elsewhere."""
        if self.draining:
            raise NotReady("The service is finishing what it accepted and will stop.")
        if self.stuck >= self.engine.workers:
            raise NotReady("Every worker is stuck on a picture that takes too long.")

    def observe(self, record: PictureRecord) -> None:
        """Tell everybody who wants to know what became of a picture."""
        _tell(self.observers, record)

    async def fetch(self, url: str) -> bytes:
        """The picture behind a URL. Raises as `UrlFetcher.fetch`, and Overloaded."""
        with self.fetches.admit():
            return await self.fetcher.fetch(url)

    def close(self) -> None:
        for file in self.files:
            file.close()
        if self.shared_cameras is not None:
            self.shared_cameras.close()
        self.supervisor.close()
        self.passes.close()
        self.engine.close()
        self.counting.close()
        if self.notifier is not None:
            self.notifier.close()
        if self.store is not None:
            self.store.close()
        if self.tracing is not None:
            self.tracing.close()


def build_service(
    settings: Settings,
    build: Callable[..., Engine] = build_engine,
    *,
    tracing: "Tracing | None" = None,
) -> Service:
    """Load everything, and begin to watch the cameras.

    Raises ModelError, InvalidCameras, InvalidTargets, InvalidGates, StoreError, or OSError for the
    file of keys, of usage, of cameras, of targets, of gates or of passes.
    """
    metrics = Metrics(low_confidence=settings.low_confidence)
    keys = key_ring(settings)  # fails before networks load
    counting = open_counting(
        settings, lambda key, code: metrics.key_refusals.labels(key, code).inc()
    )
    weights = resolve_weights(settings)
    admission = Admission(
        settings.max_in_flight,
        workers=settings.workers,
        observe=metrics.budget("pictures", settings.max_in_flight),
    )

    def learn_duration(record: PictureRecord) -> None:
        if record.busy_seconds is not None:
            admission.record(record.busy_seconds)

    observers: tuple[RecordObserver, ...] = (
        metrics.observe_record,
        learn_duration,
        RecordLog(plates=settings.log_plates),
    )
    if tracing is not None:
        observers += (tracing.pictures,)
    engine = build(settings, weights, metrics.observe_load)
    fetcher = UrlFetcher(
        private_hosts=frozenset(host.lower() for host in settings.url_private_hosts),
        max_bytes=settings.max_upload_bytes,
        max_redirects=settings.url_max_redirects,
        timeout=settings.url_timeout,
    )
    passes = PassStream(settings.events_kept)
    notifier = open_notifier(settings, metrics, tracing)
    gates = open_gates(settings, metrics, notifier)
    store = open_store(settings, engine, metrics, notifier, gates, tracing=tracing)
    sink = store if store is None or tracing is None else tracing.sink(store)
    turns = open_turns(settings)

    listed = listed_passes(store)

    def publish(event: CameraEvent) -> None:
        if isinstance(event, CameraPass) and (matches := listed(event)) is not None:
            body = stream_event(event, matches).model_dump_json(by_alias=True)
            passes.publish(event.event.kind, event.camera, body)

    def record_frames(camera: str) -> FrameObserver:
        return frame_recorder(partial(_tell, observers), route=CAMERAS_ROUTE, camera=camera)

    supervisor = Supervisor(
        Surroundings(engine, settings, fetcher, record_frames),
        [metrics.cameras.observe, publish, camera_keeper(store, notifier, gates, turns)],
    )
    service = Service(
        settings=settings,
        weights=weights,
        engine=engine,
        admission=admission,
        videos=Budget(
            settings.max_videos,
            what="videos",
            observe=metrics.budget("videos", settings.max_videos),
        ),
        receiving=Receiving(
            Budget(
                settings.body_bytes_limit,
                what="bytes",
                observe=metrics.budget("body_bytes", settings.body_bytes_limit),
            )
        ),
        fetches=Budget(
            settings.max_fetches,
            what="pictures by URL",
            observe=metrics.budget("fetches", settings.max_fetches),
        ),
        metrics=metrics,
        keys=keys,
        fetcher=fetcher,
        counting=counting,
        observers=observers,
        supervisor=supervisor,
        passes=passes,
        streams=Budget(MAX_STREAMS, what="streams", observe=metrics.budget("streams", MAX_STREAMS)),
        searches=Budget(
            MAX_SEARCHES, what="searches", observe=metrics.budget("searches", MAX_SEARCHES)
        ),
        store=store,
        sink=sink,
        notifier=notifier,
        gates=gates,
        shared_cameras=share_cameras(store, supervisor, turns, metrics.cameras.owned),
        tracing=tracing,
    )
    metrics.workers.set(service.engine.workers)
    metrics.stuck.set(0)
    for kind, name in (("detector", weights.detector.name), ("ocr", weights.ocr.name)):
        metrics.observe_model(kind, name, service.runtimes[kind].provider)
    try:
        if tracing is not None:
            tracing.start()
        counting.start()
        _follow_files(service)
    except BaseException:
        service.close()
        raise
    return service


def _follow_files(service: Service) -> None:
    """Raises InvalidCameras, InvalidTargets, InvalidGates, OSError."""
    settings, notifier = service.settings, service.notifier
    service.keys_file = follow_keys(settings, service.keys, service.allowances)
    if settings.notify_file is not None and notifier is not None:
        service.targets_file = FollowedFile(settings.notify_file, notifier.apply, what="targets")
    if settings.gates_file is not None and service.gates is not None:
        apply = service.gates.rules.apply
        service.gates_file = FollowedFile(settings.gates_file, apply, what="gates")
    if settings.cameras_file is not None:
        service.cameras_file = FollowedFile(
            settings.cameras_file,
            lambda path: _watch(service, load_cameras(path)),
            what="cameras",
        )
        if service.shared_cameras is not None:
            service.shared_cameras.start()


def _watch(service: Service, plans: Mapping[str, CameraPlan]) -> list[str]:
    """These cameras and no others, or those of them that are ours; the names that changed."""
    if service.shared_cameras is not None:
        return service.shared_cameras.apply(plans)
    service.metrics.cameras.owned(dict.fromkeys(plans, True))
    return service.supervisor.apply(plans)


def _tell(observers: Sequence[RecordObserver], record: PictureRecord) -> None:
    for observer in observers:
        observer(record)


async def get_service(request: Request) -> Service:
    """The service of the application that handles a request."""
    service: Service = request.app.state.service
    return service

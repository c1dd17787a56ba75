"""The store of passes in the service: its metrics, and the passes of cameras."""

from typing import TYPE_CHECKING

from app.api.metrics import Metrics
from app.config import Settings
from app.engine import Engine
from app.passes.records import PassSink
from app.passes.taking import pass_of_video
from app.video.cameras.events import CameraEvent, CameraObserver, CameraPass

if TYPE_CHECKING:
    from app.passes.store.store import PassStore


def open_store(settings: Settings, engine: Engine, metrics: Metrics) -> "PassStore | None":
    """None where it is switched off: its libraries are not even loaded then.

    Raises StoreError, OSError.
    """
    if settings.store == "off":
        return None
    from app.passes.store.store import PassStore  # noqa: PLC0415

    decoder = engine.pipeline.decoder

    def prior(text: str, small_plate: bool) -> float:
        known = decoder.prior(text, small_plate=small_plate)
        return known.lawful + known.foreign

    def observe(written: int, waiting: int) -> None:
        metrics.passes_stored.inc(written)
        metrics.passes_waiting.set(waiting)

    metrics.passes_waiting.set(0)
    return PassStore(settings, prior=prior, observe=observe, lost=metrics.passes_lost.inc)


def camera_keeper(sink: PassSink | None) -> CameraObserver:
    """Gives the passes of cameras to a sink when they are over."""

    def keep(told: CameraEvent) -> None:
        if sink is not None and isinstance(told, CameraPass) and told.event.kind == "end":
            sink.add(
                pass_of_video(
                    told.event.passing,
                    source="camera",
                    camera=told.camera,
                    first_seen=told.first_seen,
                    last_seen=told.last_seen,
                )
            )

    return keep

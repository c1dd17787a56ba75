"""The store of passes in the service: its metrics, and the passes of cameras."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.api.metrics import Metrics
from app.config import Settings
from app.engine import Engine
from app.passes.records import ListKind, ListMatch, NewPass, PassMoment, PassSink
from app.passes.taking import pass_of_video
from app.video.cameras.events import CameraEvent, CameraObserver, CameraPass

if TYPE_CHECKING:
    from app.api.tracing.tracing import Tracing
    from app.passes.cameras.keeper import Turns
    from app.passes.gates.deciding import Reason
    from app.passes.gates.keeper import GateKeeper
    from app.passes.gates.rules import GateRules
    from app.passes.notify.channel import Channel
    from app.passes.notify.notifier import Notifier
    from app.passes.store.store import PassStore


@dataclass(frozen=True, slots=True)
class Gates:
    """Rules of a file, and who keeps to them."""

    rules: "GateRules"
    keeper: "GateKeeper"


def open_notifier(
    settings: Settings, metrics: Metrics, tracing: "Tracing | None" = None
) -> "Notifier | None":
    """None where nobody is told: its libraries are not even loaded then. It sends once it is
    started.

    Raises InvalidTargets, OSError.
    """
    if settings.notify_file is None:
        return None
    from app.passes.notify.notifier import Notifier  # noqa: PLC0415

    def traced(channel: "Channel") -> "Channel":
        return channel if tracing is None else tracing.channel(channel)

    notifier = Notifier(
        settings, told=metrics.notify.told, surveyed=metrics.notify.surveyed, wrap=traced
    )
    notifier.apply(settings.notify_file)
    return notifier


def open_gates(settings: Settings, metrics: Metrics, notifier: "Notifier | None") -> "Gates | None":
    """None where there are none.

    Raises InvalidGates, OSError.
    """
    if settings.gates_file is None or notifier is None:
        return None
    from app.passes.gates.keeper import GateKeeper  # noqa: PLC0415
    from app.passes.gates.rules import GateRules  # noqa: PLC0415

    def decided(gate: str, reason: "Reason") -> None:
        metrics.gate_decisions.labels(gate, reason).inc()

    rules = GateRules()
    rules.apply(settings.gates_file)
    keeper = GateKeeper(lambda: rules.rules, has_target=notifier.has, decided=decided)
    return Gates(rules, keeper)


def open_store(
    settings: Settings,
    engine: Engine,
    metrics: Metrics,
    notifier: "Notifier | None" = None,
    gates: "Gates | None" = None,
    *,
    tracing: "Tracing | None" = None,
) -> "PassStore | None":
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

    def matched(kind: ListKind) -> None:
        metrics.list_matches.labels(kind).inc()

    def fenced(what: str) -> None:
        metrics.passes_fenced.labels(what).inc()

    def committed() -> None:
        if notifier is not None:
            notifier.wake()

    def written(passing: NewPass, accepted: int) -> None:
        if tracing is not None:
            tracing.stored(passing, accepted)

    metrics.passes_waiting.set(0)
    store = PassStore(
        settings,
        prior=prior,
        observe=observe,
        lost=metrics.passes_lost.inc,
        matched=matched,
        gates=None if gates is None else gates.keeper,
        tell=() if notifier is None else (notifier.announcer,),
        committed=committed,
        fenced=fenced,
        written=written,
    )
    if notifier is not None:
        notifier.start(store)
    return store


def listed_passes(
    store: "PassStore | None",
) -> Callable[[CameraPass], Sequence[ListMatch] | None]:
    """Which lists the vehicle of an event is on, None where it is to be left alone.

    By the lists in memory: whoever follows the passes waits for no database.
    """
    if store is None or store.matcher is None:
        return lambda told: ()
    matcher = store.matcher

    def matches(told: CameraPass) -> Sequence[ListMatch] | None:
        return matcher.known(_without_pictures(told))

    return matches


def _without_pictures(told: CameraPass) -> NewPass:
    return pass_of_video(
        told.event.passing,
        source="camera",
        camera=told.camera,
        first_seen=told.first_seen,
        last_seen=told.last_seen,
        event="update",
    )


def camera_keeper(
    sink: PassSink | None,
    notifier: "Notifier | None" = None,
    gates: "Gates | None" = None,
    turns: "Turns | None" = None,
) -> CameraObserver:
    """Gives the passes of cameras to a sink: when they are over, and before where somebody wants
    to be told."""

    def is_wanted(moment: PassMoment) -> bool:
        for_gates = gates is not None and gates.keeper.is_needed
        told = notifier is not None and notifier.announcer.wants(moment)
        return moment == "end" or for_gates or told

    def keep(told: CameraEvent) -> None:
        if sink is not None and isinstance(told, CameraPass) and is_wanted(told.event.kind):
            sink.add(
                pass_of_video(
                    told.event.passing,
                    source="camera",
                    camera=told.camera,
                    first_seen=told.first_seen,
                    last_seen=told.last_seen,
                    event=told.event.kind,
                    turn=None if turns is None else turns.of(told.camera, told.last_seen),
                )
            )

    return keep

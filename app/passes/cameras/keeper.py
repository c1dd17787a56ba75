"""Watches the cameras that this process owns, and no others."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import DBAPIError

from app.errors import StoreUnavailable
from app.passes.cameras.leases import LeaseTable
from app.passes.cameras.sharing import View, to_give
from app.passes.records import Turn
from app.passes.store.tables import microseconds
from app.video.cameras.config import CameraPlan, changed
from app.video.cameras.supervisor import Supervisor

logger = logging.getLogger(__name__)

LEASE_S: Final = 6.0
_END_S: Final = 1.0
"""All of the service ends within `app.config.CLOSING_SECONDS`."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between renewals, and that a process must have lived to be given a camera that
    another watches."""

    beat_s: float = 2.0
    steady_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A camera that this process knows and another watches, or nobody yet (`owner` is None)."""

    plan: CameraPlan
    owner: str | None


class Turns:
    """Under which lease this process watches each camera. Thread-safe."""

    def __init__(self) -> None:
        self._epochs: dict[str, int] = {}
        self._ahead = 0

    def begin(self, epochs: Mapping[str, int], *, ahead: int) -> None:
        """`ahead`: microseconds that the clock of the database shows more than ours."""
        self._ahead = ahead
        self._epochs = {**self._epochs, **epochs}

    def of(self, camera: str, last_at: datetime) -> Turn | None:
        """For a pass of that camera with that last frame; None where it was never ours."""
        epoch = self._epochs.get(camera)
        return None if epoch is None else Turn(epoch, microseconds(last_at) + self._ahead)


class SharedCameras:
    """The cameras of a file, shared with other processes. Thread-safe.

    Where the database does not answer, this process watches on what it has: whether it still was
    the owner is decided when its passes are written.
    """

    def __init__(
        self,
        name: str,
        table: LeaseTable,
        supervisor: Supervisor,
        turns: Turns,
        *,
        prepare: Callable[[], None],
        written: Callable[[float], bool],
        owned: Callable[[Mapping[str, bool]], None] = lambda cameras: None,
        pace: Pace | None = None,
    ) -> None:
        """Args:
        prepare: brings the database up to date, or raises StoreUnavailable.
        written: waits, for some seconds at most, until all passes are in the database.
        owned: is told which of the cameras this process owns.
        """
        self.name = name
        self._table, self._supervisor, self._turns = table, supervisor, turns
        self._prepare, self._written, self._owned = prepare, written, owned
        self._pace = pace or Pace()
        self._plans: Mapping[str, CameraPlan] = {}
        self._view = View(name, (), {})
        self._running: dict[str, int] = {}
        self._failing = False
        self._lock = threading.Lock()
        self._wake, self._stopped = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="camera-leases", daemon=True)

    @property
    def elsewhere(self) -> list[Elsewhere]:
        """In the order of their names."""
        plans, view, running = self._plans, self._view, self._running
        return [
            Elsewhere(plan, None if view.owner(name) == self.name else view.owner(name))
            for name, plan in sorted(plans.items())
            if name not in running
        ]

    def start(self) -> None:
        self._thread.start()

    def apply(self, plans: Mapping[str, CameraPlan]) -> list[str]:
        """Share these cameras and no others; the names of those that are new, changed or gone."""
        with self._lock:
            before, self._plans = self._plans, dict(plans)
            self._watch(self._running)
        self._wake.set()
        return sorted(
            plan.name for pair in changed(before, plans) if (plan := pair[1] or pair[0]) is not None
        )

    def close(self) -> None:
        """End them, and let others have them at once."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)
        self._supervisor.close()
        self._written(_END_S)
        try:
            self._table.leave()
        except DBAPIError:
            logger.warning("others get the cameras in %g s: the database is away", LEASE_S)
        self._table.close()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                with self._lock:
                    self._beat()
                if self._failing:
                    logger.info("cameras are shared again")
                self._failing = False
            except (DBAPIError, StoreUnavailable) as error:
                self._complain("cameras stay where they are, the database is away: %s", error)
            except Exception:  # a fault of ours must not end the thread: all leases would be lost
                logger.exception("sharing cameras failed")
            self._wake.wait(self._pace.beat_s)

    def _beat(self) -> None:
        if self._stopped:
            return
        self._prepare()
        view, ahead = self._table.beat(self._plans.keys())
        self._take_up(view, ahead)
        if (camera := to_give(view, steady_s=self._pace.steady_s)) is not None:
            logger.info("camera %s is for another process now", camera)
            self._watch({name: epoch for name, epoch in view.held.items() if name != camera})
            self._written(_END_S)
            self._table.release([camera])
        self._tell()

    def _take_up(self, view: View, ahead: int) -> None:
        held = {camera: epoch for camera, epoch in view.held.items() if camera in self._plans}
        going_on = {
            camera: epoch for camera, epoch in self._running.items() if held.get(camera) == epoch
        }
        for camera in self._running.keys() - going_on.keys():
            logger.warning("camera %s was taken over by another process", camera)
        self._view = view
        self._watch(going_on)  # ends others first: what they still tell is of their old epoch
        self._turns.begin(held, ahead=ahead)
        self._watch(held)

    def _watch(self, epochs: Mapping[str, int]) -> None:
        watched: Collection[str] = epochs.keys() & self._plans.keys()
        self._running = {name: epoch for name, epoch in epochs.items() if name in watched}
        self._supervisor.apply({name: self._plans[name] for name in watched})

    def _tell(self) -> None:
        self._owned({name: name in self._running for name in self._plans})

    def _complain(self, text: str, error: Exception) -> None:
        if not self._failing:
            logger.error(text, getattr(error, "orig", None) or error)
        self._failing = True

"""What Prometheus scrapes of telling others."""

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from app.passes.notify.ledger import Backlog


class NotifyMetrics:
    """Metrics by target."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.deliveries = Counter(
            "alpr_deliveries_total",
            "Tries to tell a target, by outcome: delivered, retried (it is tried again), failed "
            "(given up)",
            ["target", "outcome"],
            registry=registry,
        )
        self.waiting = Gauge(
            "alpr_outbox_waiting",
            "Messages that wait for a target",
            ["target"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.age = Gauge(
            "alpr_outbox_age_seconds",
            "Age of the oldest message that waits for a target; 0 for none",
            ["target"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.disabled = Gauge(
            "alpr_target_disabled",
            "1 for a target that is told nothing: it answered 410, or somebody disabled it",
            ["target"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._known: set[str] = set()

    def told(self, target: str, outcome: str) -> None:
        self.deliveries.labels(target, outcome).inc()
        self._known.add(target)

    def surveyed(self, waiting: "Mapping[str, Backlog]", disabled: Collection[str]) -> None:
        """What waits by target, and which are disabled."""
        self._known.update(waiting, disabled)
        for target in self._known:
            backlog = waiting.get(target)
            self.waiting.labels(target).set(0 if backlog is None else backlog.waiting)
            age = 0.0 if backlog is None else max(0.0, time.time() - backlog.oldest)
            self.age.labels(target).set(age)
            self.disabled.labels(target).set(target in disabled)

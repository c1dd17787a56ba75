"""One replica of the service, simulated: its threads, its queue and its admission."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

from app.admission import Admission


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a replica.

    `service` are seconds that a worker takes for a picture, drawn from as they are; `overhead`
    those that a request takes besides. `limit` is `ALPR_MAX_IN_FLIGHT`.
    """

    service: Sequence[float]
    workers: int
    limit: int = 32
    overhead: float = 0.0

    @property
    def rate(self) -> float:
        """Most pictures a second."""
        return self.workers * len(self.service) / sum(self.service)


class Replica:
    """Admission is the service's own. The end of a picture is known when it is accepted: who came
    first is first."""

    def __init__(self, kind: Kind, *, number: int = 0, zone: int = 0) -> None:
        self.number, self.zone = number, zone
        self.alive = True
        self.busy_s = 0.0
        self._overhead = kind.overhead
        self._admission = Admission(kind.limit, workers=kind.workers)
        self._free = [0.0] * kind.workers
        self._ends: list[tuple[float, float]] = []

    def offer(self, now: float, service: float) -> float:
        """Seconds until a picture that comes now is answered. Raises Overloaded."""
        self.settle(now)
        self._admission.take()
        end = max(now, self._free[0]) + service
        heapreplace(self._free, end)
        heappush(self._ends, (end, service))
        self.busy_s += service
        return end - now + self._overhead

    def settle(self, now: float) -> None:
        """What has ended by now gives its room back."""
        while self._ends and self._ends[0][0] <= now:
            self._admission.record(heappop(self._ends)[1])
            self._admission.give_back()

    def load(self, now: float) -> float:
        """Pictures in flight, as a share of the limit."""
        self.settle(now)
        return self._admission.in_use / self._admission.limit

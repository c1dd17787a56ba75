"""Requests that meet replicas behind a load balancer, autoscaled, with a zone that fails.

Discrete events (SimPy); the same seed gives the same run.
"""

import math
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import simpy

from app.errors import Overloaded
from app.lab.benchmark.capacity.autoscaler import SYNC_S, WINDOW_S, Autoscaler
from app.lab.benchmark.capacity.replica import Kind, Replica

Balance = Literal["in turn", "at random"]
"""`in turn` as nginx does, `at random` as a Service of Kubernetes does."""
Events = Generator[simpy.Event, None, None]

REFUSED, LOST = math.inf, math.nan
"""In the place of the seconds of a request: answered with 503, or never."""
_DRAWN = 4096


@dataclass(frozen=True, slots=True)
class Loss:
    """A zone goes at a moment, without a word.

    A request that is sent to a dead replica goes to the next after `connect_s`; after `noticed_s`
    none is sent there any more. `replaced_s` later new replicas are begun in other zones.
    """

    at: float
    zone: int = 0
    connect_s: float = 1.0
    noticed_s: float = 10.0
    replaced_s: float = 350.0
    """Kubernetes waits for 50 s for a node, and its pods tolerate that for 300 s."""


@dataclass(frozen=True, slots=True)
class Run:
    """`at`: when each request came; `seconds` until its answer, REFUSED or LOST; `replicas`: how
    many there were from a moment on; `retry_after`: the longest that was asked for."""

    at: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    replicas: tuple[tuple[float, int], ...]
    retry_after: int

    def since(self, begin: float, end: float = math.inf) -> "Run":
        chosen = (self.at >= begin) & (self.at < end)
        return Run(self.at[chosen], self.seconds[chosen], self.replicas, self.retry_after)

    @property
    def refused(self) -> float:
        """Share of the requests."""
        return float(np.mean(np.isinf(self.seconds))) if len(self.at) else 0.0

    @property
    def lost(self) -> int:
        """How many requests."""
        return int(np.sum(np.isnan(self.seconds)))

    def quantile(self, share: float) -> float:
        """Seconds, of the requests that were answered."""
        answered = self.seconds[np.isfinite(self.seconds)]
        return float(np.quantile(answered, share)) if len(answered) else math.inf

    def in_time(self, limit: float) -> float:
        """Share of all requests that were answered within so many seconds."""
        return float(np.mean(self.seconds <= limit)) if len(self.at) else 1.0

    def broken_s(self, limit: float, share: float = 0.99) -> int:
        """Seconds of the clock in which fewer than that share were answered in time."""
        seconds = self.at.astype(int)
        came = np.bincount(seconds)
        good = np.bincount(seconds, weights=self.seconds <= limit)
        return int(np.sum(good < share * came))


class Simulation:
    """One run: `Simulation(...).run(seconds)`."""

    def __init__(
        self,
        kind: Kind,
        replicas: int,
        rates: float | Sequence[tuple[float, float]],
        *,
        seed: int = 1,
        zones: int = 3,
        balance: Balance = "in turn",
        autoscaler: Autoscaler | None = None,
        start_s: float = 10.0,
        loss: Loss | None = None,
    ) -> None:
        """
        Args:
            rates: requests a second, one after the other at random (Poisson), or from which moment
                on how many.
            start_s: from the decision for a replica until it is ready.
        """
        self._kind, self._zones, self._balance = kind, zones, balance
        self._rates = [(0.0, rates)] if isinstance(rates, float | int) else list(rates)
        self._random = np.random.default_rng(seed)
        self._autoscaler, self._start_s, self._loss = autoscaler, start_s, loss
        self._env = simpy.Environment()
        self._made = 0
        self._routed: list[Replica] = []
        self._turn = -1
        self._at: list[float] = []
        self._seconds: list[float] = []
        self._by: list[int] = []
        self._dead: dict[int, float] = {}
        self._counts: list[tuple[float, int]] = []
        self._starting = 0
        self._retry_after = 0
        for _ in range(replicas):
            self._add()

    def run(self, seconds: float) -> Run:
        self._env.process(self._traffic())
        if self._autoscaler is not None:
            self._env.process(self._scaling(self._autoscaler))
        if self._loss is not None:
            self._env.process(self._losing(self._loss))
        self._env.run(seconds)
        at, spent = np.array(self._at), np.array(self._seconds)
        if self._dead:
            died = np.array([self._dead.get(each, math.inf) for each in self._by])
            spent[np.isfinite(spent) & (at < died) & (at + spent > died)] = LOST
        return Run(at, spent, tuple(self._counts), self._retry_after)

    def _add(self) -> None:
        zone = self._made % self._zones
        self._routed.append(Replica(self._kind, number=self._made, zone=zone))
        self._made += 1
        self._counts.append((self._env.now, len(self._routed)))

    def _traffic(self) -> Events:
        env, changes = self._env, self._rates[1:]
        rate = self._rates[0][1]
        while True:
            gaps = self._random.exponential(1.0, _DRAWN).tolist()
            services = self._random.choice(self._kind.service, _DRAWN).tolist()
            for gap, service in zip(gaps, services, strict=True):
                yield env.timeout(gap / rate)
                while changes and env.now >= changes[0][0]:
                    rate = changes.pop(0)[1]
                self._request(service)

    def _request(self, service: float) -> None:
        now, spent = self._env.now, 0.0
        replica = self._next()
        while not replica.alive and self._loss is not None:
            spent += self._loss.connect_s
            replica = self._next()
        try:
            seconds = spent + replica.offer(now + spent, service)
        except Overloaded as error:
            seconds = REFUSED
            self._retry_after = max(self._retry_after, error.retry_after)
        self._at.append(now)
        self._seconds.append(seconds)
        self._by.append(replica.number)

    def _next(self) -> Replica:
        if self._balance == "at random":
            return self._routed[self._random.integers(len(self._routed))]
        self._turn = (self._turn + 1) % len(self._routed)
        return self._routed[self._turn]

    def _scaling(self, autoscaler: Autoscaler) -> Events:
        seen: deque[float] = deque(maxlen=round(WINDOW_S / SYNC_S))
        while True:
            yield self._env.timeout(SYNC_S)
            replicas = self._routed
            current = len(replicas) + self._starting
            seen.append(self._metric(autoscaler) / current)
            chosen = autoscaler.replicas(self._env.now, current, float(np.mean(seen)))
            for _ in range(chosen - current):
                self._env.process(self._starts(self._start_s))
            for _ in range(current - chosen):
                if len(replicas) > 1:
                    replicas.pop()  # what it has accepted is answered
                    self._counts.append((self._env.now, len(replicas)))

    def _metric(self, autoscaler: Autoscaler) -> float:
        """The sum over the replicas that live; of busy workers since the last look."""
        alive = [replica for replica in self._routed if replica.alive]
        if autoscaler.metric == "in flight":
            return sum(replica.load(self._env.now) for replica in alive)
        busy = sum(min(1.0, each.busy_s / SYNC_S / self._kind.workers) for each in alive)
        for replica in alive:
            replica.busy_s = 0.0
        return busy

    def _starts(self, after: float) -> Events:
        self._starting += 1
        yield self._env.timeout(after)
        self._starting -= 1
        self._add()

    def _losing(self, loss: Loss) -> Events:
        yield self._env.timeout(loss.at)
        gone = [replica for replica in self._routed if replica.zone == loss.zone]
        for replica in gone:
            replica.alive = False
            self._dead[replica.number] = self._env.now
        yield self._env.timeout(loss.noticed_s)
        for replica in gone:
            if replica in self._routed:
                self._routed.remove(replica)
        self._counts.append((self._env.now, len(self._routed)))
        for _ in gone:
            self._env.process(self._starts(loss.replaced_s + self._start_s))

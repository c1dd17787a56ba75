"""What operators ask of the model."""

import math
from dataclasses import dataclass

from app.lab.benchmark.capacity.autoscaler import Autoscaler
from app.lab.benchmark.capacity.replica import Kind
from app.lab.benchmark.capacity.simulation import Balance, Loss, Simulation

RATES = (10, 30, 100, 300, 1000, 3000, 10_000)
LIMIT_S = 0.5
SHARE = 0.99
"""Of the requests that are to be answered within the limit: a p99 that counts refusals."""
ZONES = 3
POD_S = 10.0
"""Until a pod is placed and its image is there, before the service starts."""
MOST_BUSY = 0.9
"""Closer to 1 a queue takes minutes to find its length, and an hour's peak has no room."""
WARM_UP_S = 20.0
_REQUESTS = 30_000


@dataclass(frozen=True, slots=True)
class Need:
    """`busy`: share of the workers' time; `spare_zone`: replicas with which a zone may go."""

    rate: float
    replicas: int
    busy: float
    p50_s: float
    p99_s: float
    spare_zone: int


@dataclass(frozen=True, slots=True)
class ZoneLoss:
    """`broken_s`: seconds in which fewer than 99 % were answered in time; `refused` is the
    share of the minute after the loss, `p99_s` is of what was answered in it; `lost` requests were
    in flight in the zone."""

    rate: float
    replicas: int
    broken_s: int
    refused: float
    lost: int
    p99_s: float
    retry_after: int


@dataclass(frozen=True, slots=True)
class Scaling:
    """Of an autoscaler when four times as many requests come at once; shares and seconds as
    above."""

    metric: str
    target: float
    replicas: int
    most: int
    broken_s: int
    refused: float


def needed(kind: Kind, rate: float, *, balance: Balance = "in turn", seed: int = 1) -> Need | None:
    """The fewest replicas that answer in time; None where even an idle one is too slow."""
    if kind.overhead + sorted(kind.service)[int(SHARE * len(kind.service))] > LIMIT_S:
        return None
    least = max(1, math.ceil(rate / kind.rate / MOST_BUSY))
    seconds = WARM_UP_S + max(10.0, _REQUESTS / rate)

    def enough(replicas: int) -> bool:
        run = Simulation(kind, replicas, rate, seed=seed, balance=balance).run(seconds)
        return run.since(WARM_UP_S).in_time(LIMIT_S) >= SHARE

    step, most = max(1, least // 50), least
    while not enough(most):
        least, most, step = most + 1, most + step, step * 2
    while least < most:
        middle = (least + most) // 2
        if enough(middle):
            most = middle
        else:
            least = middle + 1
    run = Simulation(kind, most, rate, seed=seed, balance=balance).run(seconds).since(WARM_UP_S)
    return Need(
        rate=rate,
        replicas=most,
        busy=rate / (most * kind.rate),
        p50_s=run.quantile(0.5),
        p99_s=run.quantile(0.99),
        spare_zone=math.ceil(most * ZONES / (ZONES - 1) / ZONES) * ZONES,
    )


def zone_loss(kind: Kind, rate: float, replicas: int, *, start_s: float, seed: int = 1) -> ZoneLoss:
    """A zone of three goes, and is replaced as Kubernetes does it; no autoscaler helps."""
    loss = Loss(at=60.0)
    end = loss.at + loss.noticed_s + loss.replaced_s + start_s + 60
    run = Simulation(kind, replicas, rate, seed=seed, zones=ZONES, start_s=start_s, loss=loss).run(
        end
    )
    after = run.since(loss.at, loss.at + 60)
    return ZoneLoss(
        rate=rate,
        replicas=replicas,
        broken_s=run.since(loss.at).broken_s(LIMIT_S, SHARE),
        refused=after.refused,
        lost=run.lost,
        p99_s=after.quantile(0.99),
        retry_after=run.retry_after,
    )


def scaling(
    kind: Kind, rate: float, autoscaler: Autoscaler, *, start_s: float, seed: int = 1
) -> Scaling:
    """Four times the rate, from one second to the next, for ten minutes."""
    begin = 300.0
    run = Simulation(
        kind,
        math.ceil(rate / kind.rate / MOST_BUSY),
        [(0.0, rate), (begin, 4 * rate)],
        seed=seed,
        autoscaler=autoscaler,
        start_s=start_s,
    ).run(begin + 600)
    after = run.since(begin)
    return Scaling(
        metric=autoscaler.metric,
        target=autoscaler.target,
        replicas=[count for at, count in run.replicas if at <= begin][-1],
        most=max(count for at, count in run.replicas if at > begin),
        broken_s=after.broken_s(LIMIT_S, SHARE),
        refused=after.refused,
    )

"""The capacity model, against the theory of queues and the service's own admission."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.admission import Admission
from app.errors import InvalidRequest, Overloaded
from app.lab.benchmark.capacity import planning, prices
from app.lab.benchmark.capacity.autoscaler import SYNC_S, Autoscaler
from app.lab.benchmark.capacity.command import TARGETS
from app.lab.benchmark.capacity.replica import Kind, Replica
from app.lab.benchmark.capacity.simulation import REFUSED, Loss, Simulation
from tests.conftest import REPOSITORY

MANY = 10**6


def exponential(mean: float) -> Sequence[float]:
    drawn = np.random.default_rng(3).exponential(mean, 20_000)
    scaled: list[float] = (drawn * mean / drawn.mean()).tolist()
    return scaled


def erlang_c(workers: int, offered: float) -> float:
    """Probability of a wait in M/M/c (Erlang's second formula)."""
    top = offered**workers / math.factorial(workers) * workers / (workers - offered)
    return top / (sum(offered**k / math.factorial(k) for k in range(workers)) + top)


@pytest.mark.parametrize(("workers", "busy"), [(1, 0.5), (2, 0.8), (8, 0.8)])
def test_waits_are_those_of_m_m_c(workers: int, busy: float) -> None:
    kind = Kind(exponential(0.1), workers, limit=MANY)
    run = Simulation(kind, 1, busy * kind.rate, seed=5).run(60_000 / kind.rate).since(100)
    offered = workers * busy
    expected = erlang_c(workers, offered) * 0.1 / (workers - offered)
    assert run.seconds.mean() - 0.1 == pytest.approx(expected, rel=0.1)


def test_waits_are_those_of_m_d_1() -> None:
    kind = Kind([0.1], 1, limit=MANY)
    run = Simulation(kind, 1, 7.0, seed=5).run(6000).since(100)
    assert run.seconds.mean() - 0.1 == pytest.approx(0.7 * 0.1 / (2 * 0.3), rel=0.1)


def test_refusals_are_those_of_m_m_1_k() -> None:
    kind = Kind(exponential(0.1), 1, limit=4)
    run = Simulation(kind, 1, 12.0, seed=5).run(4000)
    load = 1.2
    assert run.refused == pytest.approx((1 - load) * load**4 / (1 - load**5), rel=0.05)
    assert run.seconds[np.isfinite(run.seconds)].max() < REFUSED


def test_replicas_at_random_are_queues_of_their_own() -> None:
    kind = Kind(exponential(0.1), 1, limit=MANY)
    apart = Simulation(kind, 4, 28.0, seed=5, balance="at random").run(2000).since(100)
    assert apart.seconds.mean() - 0.1 == pytest.approx(0.7 * 0.1 / 0.3, rel=0.15)
    in_turn = Simulation(kind, 4, 28.0, seed=5).run(2000).since(100)
    assert in_turn.seconds.mean() < apart.seconds.mean()


def test_a_replica_admits_and_refuses_as_the_service_does() -> None:
    """The same moments, taken to the service's own admission by hand."""
    kind, real = Kind([0.1], 1, limit=3), Admission(3, workers=1)
    replica = Replica(kind)
    ends: list[float] = []
    for number in range(40):
        now = number * 0.03
        while ends and ends[0] <= now:
            ends.pop(0)
            real.record(0.1)
            real.give_back()
        told: list[int | None] = []
        for ask in (lambda: replica.offer(now, 0.1), real.take):  # noqa: B023
            try:
                ask()
                told.append(None)
            except Overloaded as error:
                told.append(error.retry_after)
        assert told[0] == told[1]
        if told[0] is None:
            ends.append(max(now, ends[-1] if ends else now) + 0.1)


def test_a_run_is_the_same_again() -> None:
    kind = Kind(exponential(0.1), 2)
    first, second, other = (Simulation(kind, 2, 30.0, seed=seed).run(20) for seed in (1, 1, 2))
    assert first.seconds.tolist() == second.seconds.tolist()
    assert first.seconds.tolist() != other.seconds.tolist()


def test_fewest_replicas_that_answer_in_time() -> None:
    kind = Kind(exponential(0.05), 2)
    need = planning.needed(kind, 200.0, balance="at random")
    assert need is not None
    assert need.p99_s <= planning.LIMIT_S
    assert need.busy <= planning.MOST_BUSY
    fewer = Simulation(kind, need.replicas - 1, 200.0, balance="at random").run(150)
    too_few = fewer.since(20).in_time(planning.LIMIT_S) < planning.SHARE
    assert too_few or 200.0 / ((need.replicas - 1) * kind.rate) > planning.MOST_BUSY
    assert need.spare_zone * 2 / 3 >= need.replicas
    assert planning.needed(Kind([0.6], 1), 1.0) is None


def test_a_lost_zone_is_felt_without_spare_replicas() -> None:
    kind = Kind([0.1], 2)
    tight, spare = (planning.zone_loss(kind, 100.0, replicas, start_s=5.0) for replicas in (6, 9))
    assert tight.refused > 0.1 > spare.refused
    assert tight.retry_after >= 1
    assert tight.broken_s > 300
    assert spare.broken_s < 60
    assert 0 < spare.lost <= 9


def test_what_a_dead_replica_was_reading_is_lost() -> None:
    loss = Loss(at=10.05, connect_s=0.5, noticed_s=5.0)
    run = Simulation(Kind([1.0], 8), 3, 12.0, loss=loss, zones=3).run(30)
    lost = run.at[np.isnan(run.seconds)]
    assert len(lost) > 0
    assert lost.max() <= 10.05 < lost.min() + 1.0
    passed_on = run.since(10.05, 15.05)
    assert passed_on.quantile(0.99) >= 1.5
    assert run.since(16).quantile(0.5) == pytest.approx(1.0)


def test_the_autoscaler_follows_the_rules_of_kubernetes() -> None:
    scaler = Autoscaler(0.25, least=2, most=12)
    assert scaler.replicas(0, 4, 0.27) == 4  # within the tolerance
    assert scaler.replicas(15, 4, 0.5) == 8
    assert scaler.replicas(30, 8, 1.0) == 8  # twice as many in 30 s, no more
    assert scaler.replicas(60, 8, 1.0) == 12  # the most there may be
    assert scaler.replicas(75, 12, 0.0) == 12  # not before it was less for 300 s
    assert scaler.replicas(75 + 301, 12, 0.0) == 9  # a quarter a minute
    assert scaler.replicas(75 + 316, 9, 0.0) == 9
    assert scaler.replicas(75 + 376, 9, 0.0) == 6
    for step in range(40):
        last = scaler.replicas(500 + step * 61, 2, 0.0)
    assert last == 2


def test_the_autoscaler_is_that_of_the_manifests() -> None:
    found = {}
    for name in ("autoscaling", "autoscaling-cpu"):
        path = REPOSITORY / "deploy/kubernetes/components" / name / "autoscaler.yaml"
        found[name] = yaml.safe_load(path.read_text())["spec"]
    target = found["autoscaling"]["metrics"][0]["pods"]["target"]["averageValue"]
    share = found["autoscaling-cpu"]["metrics"][0]["resource"]["target"]["averageUtilization"]
    assert TARGETS[0] == ("in flight", int(target.removesuffix("m")) / 1000)
    assert TARGETS[-1] == ("busy", share / 100)
    for spec in found.values():
        assert spec["behavior"] == {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": 30},
                    {"type": "Pods", "value": 2, "periodSeconds": 30},
                ],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
            },
        }


def test_load_that_grows_is_followed() -> None:
    kind = Kind([0.1], 2)
    scaled = planning.scaling(kind, 30.0, Autoscaler(0.25, most=40), start_s=10.0)
    assert scaled.most > scaled.replicas
    assert scaled.most * kind.rate > 120
    assert SYNC_S < scaled.broken_s < 300


def test_costs_of_a_million(tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    head = "machine,processors,price_an_hour,currency,source,date\n"
    table.write_text(head + "two,2,0.36,NZD,a list,2026-11-27\n")
    (cost,) = prices.costs(table, rate=10.0, processors=1, busy=0.5)
    assert cost.a_million == pytest.approx(0.36 / 3600 / 10 * 1e6)
    table.write_text(head + "two,none,0.36,NZD,a list,2026-11-27\n")
    with pytest.raises(InvalidRequest, match="line 2"):
        prices.costs(table, rate=10.0, processors=1, busy=0.5)
    assert prices.costs(prices.TABLE, rate=10.0, processors=1, busy=0.9)

"""Rates, of one process and of several that tell each other now and then."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.keys import Rate, parse_key
from app.errors import RateLimited, StoreUnavailable
from app.limits.allowances import Allowances
from app.limits.bucket import Bucket, Left, Taken
from app.limits.counts import RateExchange

QUOTA, WINDOW_S = 10, 5
RATE = Rate(QUOTA, WINDOW_S)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def takes(bucket: Bucket, amount: int = 1) -> bool:
    try:
        bucket.take(amount)
    except RateLimited:
        return False
    return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_as_many_at_once_as_in_the_whole_window(clock: Clock) -> None:
    bucket = Bucket(RATE, clock)
    assert bucket.left() == Left(10, 0)
    assert [takes(bucket) for _ in range(12)] == [True] * 10 + [False] * 2
    assert bucket.left() == Left(0, 5)
    clock.now += 0.5
    assert [takes(bucket), takes(bucket)] == [True, False]
    clock.now += 60
    assert bucket.left() == Left(10, 0)


def test_when_to_come_back(clock: Clock) -> None:
    bucket = Bucket(RATE, clock)
    bucket.take(9)
    with pytest.raises(RateLimited, match="10 pictures in 5 s") as refused:
        bucket.take(8)
    assert refused.value.retry_after == 4  # 3.5 s
    clock.now += refused.value.retry_after
    bucket.take(8)


def test_more_than_there_ever_is(clock: Clock) -> None:
    bucket = Bucket(RATE, clock)
    bucket.take(25)
    assert bucket.left() == Left(0, 13)  # 12.5 s
    clock.now += 7.4
    assert not takes(bucket)
    clock.now += 0.6
    assert takes(bucket)
    assert not takes(bucket, 25)


class Together:
    """What processes tell each other, in memory; times are of the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.until: dict[str, float] = {}
        self.is_away = False

    def exchange(self, taken: Mapping[str, Taken]) -> dict[str, float]:
        if self.is_away:
            raise StoreUnavailable("away")
        now = self.clock.now
        found = {}
        for name, each in taken.items():
            found[name] = each.together(self.until.get(name, now) - now)
            self.until[name] = now + found[name]
        return found


class Process:
    def __init__(self, clock: Clock, rates: Together) -> None:
        self.bucket = Bucket(RATE, clock)
        allowances = Allowances(10)
        allowances.buckets = lambda: {"key": self.bucket}  # type: ignore[method-assign]
        self.exchange = RateExchange(allowances, rates)


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=60),
)
def test_processes_that_tell_each_other_hold_the_rate_together(
    count: int, demand: list[tuple[int, int]]
) -> None:
    """Twice a second; between, each may let in what was left, and what comes back meanwhile."""
    clock, every_s = Clock(), 0.5
    rates = Together(clock)
    processes = [Process(clock, rates) for _ in range(count)]
    let_in, begun = 0, clock.now
    for number, asked in demand:
        process = processes[number % count]
        let_in += sum(takes(process.bucket) for _ in range(asked))
        clock.now += every_s
        for each in processes:
            each.exchange()
        rate = QUOTA / WINDOW_S
        fair = QUOTA + rate * (clock.now - begun)
        assert let_in <= fair + (count - 1) * (QUOTA + rate * every_s)


def test_what_was_too_much_is_paid_back(clock: Clock) -> None:
    rates = Together(clock)
    one, two = Process(clock, rates), Process(clock, rates)
    for each in (one, two):
        assert sum(takes(each.bucket) for _ in range(20)) == QUOTA
    for each in (one, two, one):
        each.exchange()
    clock.now += 4.9
    assert not takes(one.bucket)
    assert not takes(two.bucket)
    clock.now += 0.7
    assert takes(two.bucket)


def test_each_holds_the_rate_while_nobody_can_be_told(clock: Clock) -> None:
    rates = Together(clock)
    one, two = Process(clock, rates), Process(clock, rates)
    for each in (one, two):
        each.exchange()
    rates.is_away = True
    let_in = 0
    for _ in range(1200):
        for each in (one, two):
            let_in += takes(each.bucket)
            with pytest.raises(StoreUnavailable):
                each.exchange()
        clock.now += 0.5
    assert let_in == pytest.approx(2 * 1200, abs=2 * QUOTA)
    rates.is_away = False
    for each in (one, two, one):
        each.exchange()
    clock.now += 2 * WINDOW_S + 10  # of ten minutes of twice the rate no more is paid back
    for each in (one, two):
        each.exchange()
    assert takes(one.bucket)


def test_a_process_that_starts_knows_what_others_took(clock: Clock) -> None:
    rates = Together(clock)
    one = Process(clock, rates)
    one.bucket.take(10)
    one.exchange()
    two = Process(clock, rates)
    two.exchange()
    assert not takes(two.bucket)


def test_keys_of_one_name_share_their_limits() -> None:
    allowances = Allowances(64)
    old = parse_key("OLD name=kiosk rate=10/m share=0.5")
    new = parse_key("NEW name=kiosk rate=10/m share=.5")
    other = parse_key("OTHER rate=10/m")
    free = parse_key("FREE")
    allowances.apply([old, new, other, free])
    kiosk = allowances.of(old)
    assert kiosk is not None
    assert kiosk.slots is not None
    assert kiosk.slots.limit == 32
    assert allowances.of(new) is kiosk
    assert allowances.of(other) not in (kiosk, None)
    assert allowances.of(free) is None
    assert allowances.of(None) is None
    kiosk.take(4)
    allowances.apply([new])
    assert allowances.of(new) is kiosk
    assert kiosk.headers() == {
        "RateLimit-Policy": '"pictures";q=10;w=60, "slots";q=32;qu="concurrent-requests"',
        "RateLimit": '"pictures";r=6;t=24, "slots";r=32',
    }

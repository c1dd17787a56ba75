"""Which frames of a live stream are read, and their times."""

import itertools

import pytest

from app.video.sources.pacing import Pacer, StreamClock


def test_one_frame_of_each_slot() -> None:
    pacer = Pacer(5)
    taken = 0
    for number in range(50):
        pacer.see(number / 25)
        taken += pacer.take()
    assert (taken, pacer.dropped) == (10, 0)


def test_slots_that_nobody_had_time_for_are_dropped() -> None:
    pacer = Pacer(5)
    for number in range(25):
        pacer.see(number / 25)
        if number == 24:
            assert pacer.take()
    assert pacer.dropped == 4
    assert not pacer.is_due


def test_a_stream_that_begins_anew_is_read_on() -> None:
    pacer = Pacer(5)
    for moment in (100.0, 0.0, 0.2):
        pacer.see(moment)
        assert pacer.take()


def test_times_are_those_of_the_stream() -> None:
    clock = StreamClock()
    delays = (0.0, 0.05, 0.01, 0.3, 0.02)
    times = [clock.at(50 + i / 10, 3 + i / 10 + delay) for i, delay in enumerate(delays)]
    assert times == pytest.approx([3 + i / 10 for i in range(5)], abs=0.001)


def test_nothing_comes_before_it_was_taken() -> None:
    clock = StreamClock()
    late = clock.at(0.0, 10.5)  # held up half a second
    assert late == 10.5
    assert clock.at(1.0, 11.0) == pytest.approx(11.0)


def test_times_rise_whatever_the_stream_tells() -> None:
    clock = StreamClock()
    told = [0.0, 0.1, 0.1, 0.05, 3000.0, 3000.1, 0.0, 0.1, -7.0]
    times = [clock.at(at_s, 20 + i / 10) for i, at_s in enumerate(told)]
    assert all(one < next_one for one, next_one in itertools.pairwise(times))
    assert times[-1] == pytest.approx(20.8, abs=0.2)


def test_a_clock_that_runs_slower_is_followed() -> None:
    clock = StreamClock()
    for i in range(100_000):
        arrived_s = i / 5
        at_s = clock.at(arrived_s * (1 - 2e-4), arrived_s)
        assert arrived_s - at_s < 0.01


def test_after_silence_nothing_is_earlier() -> None:
    clock = StreamClock()
    clock.at(0.0, 1.0)
    clock.passed(5.0)
    assert clock.at(1.0, 5.5) > 5.0

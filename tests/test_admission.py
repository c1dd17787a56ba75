import pytest

from app.admission import Admission
from app.errors import Overloaded


def test_room_is_given_up_to_the_limit_and_comes_back() -> None:
    admission = Admission(3, workers=1)
    with admission.admit(2), admission.admit():
        assert admission.in_use == 3
        with pytest.raises(Overloaded), admission.admit():
            pytest.fail("admitted over the limit")
        assert admission.in_use == 3
    assert admission.in_use == 0
    with admission.admit(3), pytest.raises(Overloaded), admission.admit():
        pytest.fail("admitted over the limit")


def test_room_comes_back_after_a_failure() -> None:
    admission = Admission(1, workers=1)
    with pytest.raises(ZeroDivisionError), admission.admit():
        raise ZeroDivisionError
    assert admission.in_use == 0


def test_more_than_the_limit_at_once_is_refused_even_when_idle() -> None:
    with pytest.raises(Overloaded), Admission(3, workers=1).admit(4):
        pytest.fail("admitted over the limit")


def test_retry_after_grows_with_what_is_waiting_and_what_it_takes() -> None:
    def told(seconds: float, workers: int) -> int:
        admission = Admission(10, workers=workers)
        for _ in range(100):
            admission.record(seconds)
        with admission.admit(10), pytest.raises(Overloaded) as refusal, admission.admit():
            pytest.fail("admitted over the limit")
        return refusal.value.retry_after

    assert told(0.001, 1) == 1
    assert told(2.0, 1) == 20
    assert told(2.0, 4) == 5

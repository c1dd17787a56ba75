import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.evaluation.figures.rates import rate, share


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe, Statist. Med. 17, 1998, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson_interval(count: int, total: int, low: float, high: float) -> None:
    found = rate(count, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_interval_holds_the_observed_share(total: int, part: float) -> None:
    found = rate(round(part * total), total)
    assert found.value is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_nothing_to_count_says_nothing() -> None:
    found = share([])
    assert (found.value, found.low, found.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(("count", "total"), [(2, 1), (-1, 3)])
def test_impossible_counts_are_refused(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        rate(count, total)

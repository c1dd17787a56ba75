import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.evaluation.figures.confidence import reliability, risk_coverage

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def test_reliability_of_known_answers() -> None:
    found = reliability([0.95, 0.95, 0.85, 0.85, 0.0], [True, True, True, False, False])
    bins = [(one.low, one.right.count, one.right.total) for one in found.bins]
    assert bins == [(0.0, 0, 1), (0.8, 1, 2), (0.9, 2, 2)]
    assert found.expected_error == pytest.approx((2 * 0.35 + 2 * 0.05) / 5)
    assert found.bias == pytest.approx(0.72 - 0.6)


def test_bins_are_closed_above() -> None:
    (only,) = reliability([0.9, 0.81, 1.0][:2], [True, True]).bins
    assert (only.low, only.high) == (0.8, 0.9)


@given(judged)
def test_every_answer_is_in_one_bin(answers: list[tuple[float, bool]]) -> None:
    found = reliability([score for score, _ in answers], [right for _, right in answers])
    assert sum(one.right.total for one in found.bins) == len(answers)
    assert all(one.low <= one.mean_confidence <= one.high + 1e-12 for one in found.bins)
    assert found.expected_error is not None
    assert abs(found.bias or 0.0) <= found.expected_error + 1e-12 <= 1 + 1e-12


def test_no_answers() -> None:
    assert reliability([], []).expected_error is None
    assert risk_coverage([], [], plates=3).points == ()
    assert risk_coverage([], [], plates=3).chosen is None


def test_risk_coverage_of_known_answers() -> None:
    scores = [0.9, 0.8, 0.8, 0.7, 0.6]
    found = risk_coverage(scores, [True, True, True, False, True], plates=10, target=0.75)
    points = [
        (point.threshold, point.precision.count, point.precision.total) for point in found.points
    ]
    assert points == [(0.9, 1, 1), (0.8, 3, 3), (0.7, 3, 4), (0.6, 4, 5)]
    assert found.chosen is not None
    assert (found.chosen.threshold, found.chosen.coverage) == (0.6, 0.5)


def test_equal_confidences_are_not_told_apart() -> None:
    found = risk_coverage([0.8, 0.8], [True, False], plates=2)
    assert len(found.points) == 1
    assert found.chosen is None


@given(judged, st.floats(0.5, 1))
def test_chosen_point_reaches_the_target_with_most_answers(
    answers: list[tuple[float, bool]], target: float
) -> None:
    scores, right = [score for score, _ in answers], [flag for _, flag in answers]
    found = risk_coverage(scores, right, plates=len(answers), target=target)
    best = 0
    for threshold in scores:
        kept = [flag for score, flag in answers if score >= threshold]
        if sum(kept) / len(kept) >= target:
            best = max(best, len(kept))
    assert (found.chosen.precision.total if found.chosen else 0) == best
    assert found.points[-1].coverage == pytest.approx(1)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="1 confidences for 2 answers"):
        reliability([0.5], [True, False])

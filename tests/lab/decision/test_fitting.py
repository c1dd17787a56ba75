import numpy as np
import pytest
from numpy.typing import NDArray

from app.lab.decision.fitting import fit_logistic, log_loss

WEIGHTS = np.array([1.5, 0.5, 0.0])
BIAS = -1.0


def drawn(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Witnesses of different spread, and a truth that follows them by `WEIGHTS` and `BIAS`."""
    rng = np.random.default_rng(seed)
    seen = rng.normal([0.0, 3.0, -2.0], [1.0, 4.0, 0.5], (count, 3))
    probabilities = 1 / (1 + np.exp(-(seen @ WEIGHTS + BIAS)))
    return seen, rng.random(count) < probabilities


def test_the_weights_that_drew_the_truth_are_found() -> None:
    fitted = fit_logistic(*drawn(20_000, 1), pull=0.0)
    assert fitted.weights == pytest.approx(WEIGHTS, abs=0.1)
    assert fitted.bias == pytest.approx(BIAS, abs=0.2)


def test_probabilities_are_calibrated_on_other_rows() -> None:
    fitted = fit_logistic(*drawn(5_000, 2))
    seen, truth = drawn(20_000, 3)
    judged = fitted.probabilities(seen)
    for low in np.arange(0, 1, 0.2):
        part = (judged >= low) & (judged < low + 0.2)
        assert truth[part].mean() == pytest.approx(judged[part].mean(), abs=0.05)


def test_no_witness_speaks_against_what_it_is_for() -> None:
    seen, truth = drawn(5_000, 4)
    fitted = fit_logistic(seen * [1, -1, 1], truth)
    assert fitted.weights[1] == 0
    assert (fitted.weights >= 0).all()
    assert fitted.weights[0] == pytest.approx(WEIGHTS[0], rel=0.5)


def test_the_same_rows_give_the_same_weights() -> None:
    one, other = (fit_logistic(*drawn(500, 5)) for _ in range(2))
    assert (one.weights == other.weights).all()
    assert one.bias == other.bias


def test_a_witness_that_is_always_the_same_has_no_weight() -> None:
    seen, truth = drawn(500, 6)
    seen[:, 2] = 1.0
    fitted = fit_logistic(seen, truth)
    assert fitted.weights[2] == 0
    assert np.isfinite(fitted.probabilities(seen)).all()


def test_rows_that_can_be_told_apart_surely_do_not_run_away() -> None:
    seen = np.concatenate([np.full((50, 1), -1.0), np.full((50, 1), 1.0)])
    fitted = fit_logistic(seen, seen[:, 0] > 0)
    assert 1 < fitted.weights[0] < 20


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_a_fit_needs_both_kinds(truth: list[bool]) -> None:
    with pytest.raises(ValueError, match="with a plate and boxes without"):
        fit_logistic(np.zeros((2, 1)), np.array(truth))


def test_log_loss() -> None:
    assert log_loss(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(np.log(2))
    assert np.isfinite(log_loss(np.array([0.0]), np.array([True])))

"""Logistic regression whose weights are none below 0: no witness speaks against what it is for."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PULL: Final = 1e-3
"""How strongly the weights of standardised witnesses are drawn to 0."""
_STEPS: Final = 4000
_LEAST_SPREAD: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log odds ``bias + seen @ weights``."""

    weights: NDArray[np.float64]
    bias: float

    def probabilities(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each row of ``seen`` (n, witnesses)."""
        return _sigmoid(self.bias + seen @ self.weights)


def fit_logistic(
    seen: NDArray[np.float64],
    truth: NDArray[np.bool_],
    importance: NDArray[np.float64] | None = None,
    *,
    pull: float = PULL,
) -> Logistic:
    """Most likely weights, with a ridge, from ``seen`` (n, witnesses) and what was true of each.

    Rows count as often as ``importance`` (n,) says, which is positive; left out, all the same.

    Accelerated projected gradient (Beck and Teboulle 2009, "FISTA"), from 0 and in fixed order, so
    that the same rows give the same weights. A witness that is always the same gets 0.

    Raises ValueError unless some are true and some are not.
    """
    if truth.all() or not truth.any():
        raise ValueError("a fit needs boxes with a plate and boxes without one")
    counts = np.ones(len(seen)) if importance is None else importance / importance.mean()
    middle, spread = seen.mean(axis=0), seen.std(axis=0)
    known = spread > _LEAST_SPREAD
    spread = np.where(known, spread, 1.0)
    rows = np.column_stack([np.where(known, (seen - middle) / spread, 0.0), np.ones(len(seen))])
    ridge = np.append(np.full(seen.shape[1], pull), 0.0)
    least = np.append(np.zeros(seen.shape[1]), -np.inf)
    # A quarter bounds the curvature of the logistic loss.
    curvature = rows.T @ (rows * counts[:, None]) / (4 * len(rows))
    steepest = float(np.linalg.eigvalsh(curvature)[-1]) + pull
    fitted = ahead = np.zeros(rows.shape[1])
    momentum = 1.0
    for _ in range(_STEPS):
        errors = counts * (_sigmoid(rows @ ahead) - truth)
        gradient = rows.T @ errors / len(rows) + ridge * ahead
        stepped = np.maximum(ahead - gradient / steepest, least)
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = stepped + (momentum - 1) / faster * (stepped - fitted)
        fitted, momentum = stepped, faster
    weights = fitted[:-1] / spread
    return Logistic(weights, float(fitted[-1] - weights @ middle))


def log_loss(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.bool_],
    importance: NDArray[np.float64] | None = None,
) -> float:
    """Mean negative log likelihood, in nats."""
    given = np.where(truth, probabilities, 1 - probabilities)
    logs = np.log(np.maximum(given, np.finfo(np.float64).tiny))
    return -float(np.average(logs, weights=importance))


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    half: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * log_odds))
    return half

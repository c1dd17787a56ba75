"""Matrix scaling of an OCR's slots.

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.nz.calibration import SMALLEST

PULL: Final = 1e-4
"""How strongly the weights are drawn back to plain temperature scaling."""
_EPOCHS: Final = 12
_BATCH: Final = 1024
_STEP: Final = 0.005
_DECAY: Final = (0.9, 0.99)
_RAREST: Final = 0.001

Parameters = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights (read, shown) and bias (shown,)."""


def fit_scaling(
    probabilities: NDArray[np.float32], shown: NDArray[np.intp], *, temperature: float
) -> Parameters:
    """Multinomial logistic regression from log probabilities (n, alphabet) to true columns (n,).

    Characters weigh by the inverse root of their frequency, which lies between learning how often
    they occur, the grammar's business, and trusting the few samples of a rare one as much as all
    others. Adam in fixed order, so the same samples give the same weights.
    """
    classes = probabilities.shape[1]
    evidence = np.ones((len(shown), classes + 1), np.float32)
    evidence[:, :classes] = np.log(np.maximum(probabilities, SMALLEST))
    frequency = np.bincount(shown, minlength=classes) / len(shown)
    importance = 1 / np.sqrt(np.maximum(frequency, _RAREST))
    importance = (importance / (importance * frequency).sum()).astype(np.float32)
    prior = np.eye(classes + 1, classes, dtype=np.float32) / np.float32(temperature)
    fitted, mean, square = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    random = np.random.default_rng(0)
    batch = min(_BATCH, len(shown))
    steps = _EPOCHS * (len(shown) // batch)
    order = np.empty(0, dtype=np.intp)
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = random.permutation(len(shown))
        chosen, order = order[:batch], order[batch:]
        x, y = evidence[chosen], shown[chosen]
        error = _softmax(x @ fitted)
        error[np.arange(batch), y] -= 1
        gradient = x.T @ (error * importance[y, None] / batch) + 2 * PULL * (fitted - prior)
        mean += (1 - _DECAY[0]) * (gradient - mean)
        square += (1 - _DECAY[1]) * (gradient**2 - square)
        spread = np.sqrt(square / (1 - _DECAY[1] ** step)) + 1e-8
        fitted -= _STEP * (1 - step / steps) * mean / (1 - _DECAY[0] ** step) / spread
    return fitted[:classes], fitted[classes]


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    normalized: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return normalized

"""How slow this machine is, for bounds on what is computed."""

import time
from functools import cache

import numpy as np

_HERE_MS = 3.0
"""Of the yardstick on one core of a 2-core AMD EPYC VM, 2026-11-26."""


@cache
def slowness() -> float:
    """How many times longer this machine computes than the one that bounds are written for.

    At least 1. By the processor time of the thread, so that the load of others does not count.
    """
    return max(1.0, min(_yardstick_ms() for _ in range(20)) / _HERE_MS)


def _yardstick_ms() -> float:
    """Small arrays and plain Python, as in the decoder and on the event loop."""
    start = time.thread_time()
    row = np.linspace(0.1, 1.0, 37)
    total = 0.0
    for number in range(500):
        total += float((row * row[::-1]).sum()) + sum(range(100)) + len(str(number))
    return 1e3 * (time.thread_time() - start)

"""The HorizontalPodAutoscaler of deploy/kubernetes, as
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ describes it."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

SYNC_S = 15.0
TOLERANCE = 0.1
WINDOW_S = 60.0
"""That the metric is a mean of."""
STABILIZATION_S = 300.0
UP_PERIOD_S, UP_PODS = 30.0, 2
"""Twice as many, or two more, in that time."""
DOWN_PERIOD_S, DOWN_SHARE = 60.0, 0.25


Metric = Literal["in flight", "busy"]


@dataclass(slots=True)
class Autoscaler:
    """`metric` is the share of the limit in flight, or of the workers busy; `target` its mean that
    is aimed at."""

    target: float
    metric: Metric = "in flight"
    least: int = 2
    most: int = 10
    _wanted: deque[tuple[float, int]] = field(default_factory=deque)
    _before: deque[tuple[float, int]] = field(default_factory=deque)

    def replicas(self, now: float, current: int, mean: float) -> int:
        """How many there are to be.

        Args:
            mean: of the metric, over all replicas; those that do not answer count as 0.
        """
        ratio = mean / self.target
        wanted = current if abs(ratio - 1) <= TOLERANCE else math.ceil(current * ratio)
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - STABILIZATION_S:
            self._wanted.popleft()
        if wanted < current:
            wanted = min(current, max(count for _, count in self._wanted))
        chosen = min(max(self._paced(now, current, wanted), self.least), self.most)
        self._before.append((now, current))
        while self._before[0][0] < now - max(UP_PERIOD_S, DOWN_PERIOD_S):
            self._before.popleft()
        return chosen

    def _paced(self, now: float, current: int, wanted: int) -> int:
        """No more at a time than the policies let."""
        lately = [count for at, count in self._before if at > now - UP_PERIOD_S] + [current]
        if wanted > current:
            begun = min(lately)
            return min(wanted, max(2 * begun, begun + UP_PODS))
        begun = max([count for at, count in self._before if at > now - DOWN_PERIOD_S] + [current])
        return max(wanted, math.floor(begun * (1 - DOWN_SHARE)))

"""Where vehicles are at each moment, in metres before the camera."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.synth.video.types import Traffic

NEAR: Final = 4.2
FAR: Final = 17.0
"""From out of the picture to where characters are hard to read."""
STOP: Final = 9.0
GAP_S: Final = 0.8
"""Between one vehicle and the next."""
BRAKES: Final = 4.0
PULLS: Final = 2.5
"""Metres a second and second."""
KERB: Final = ((2.7, 13.0), (-2.7, 14.0), (2.75, 18.0))
"""Where parked vehicles stand: to the right of the camera's axis, and before it."""
SIDES: Final = {1: (0.5,), 2: (-1.3, 1.3)}
"""The middles of one or two lanes."""
ABREAST: Final = 0.6
"""How far one of two vehicles side by side is ahead."""


@dataclass(frozen=True, slots=True)
class Way:
    """`side` metres to the right; `distances` at `times`, between which it is interpolated."""

    side: float
    times: NDArray[np.float64]
    distances: NDArray[np.float64]

    def at(self, moment: float) -> float | None:
        """Distance from the camera; None before it comes and after it has gone."""
        if not self.times[0] <= moment <= self.times[-1]:
            return None
        return float(np.interp(moment, self.times, self.distances))

    @property
    def end_s(self) -> float:
        return float(self.times[-1])


def drives(traffic: Traffic) -> list[list[Way]]:
    """Those side by side, one row after the other.

    Raises ValueError where there are other than 1 or 2 lanes, or nothing moves.
    """
    if traffic.lanes not in SIDES or traffic.parked > len(KERB) or not traffic.speed:
        raise ValueError(
            f"There are {' or '.join(map(str, SIDES))} lanes, up to {len(KERB)} parked vehicles, "
            "and what is not parked has a speed."
        )
    rows, begin = [], 0.0
    for _ in range(traffic.vehicles):
        times, distances = _drive(traffic.speed / 3.6, traffic.stop_s)
        row = [
            Way(side, begin + times, distances + ABREAST * lane)
            for lane, side in enumerate(SIDES[traffic.lanes])
        ]
        begin = row[0].end_s + GAP_S
        rows.append(row)
    return rows


def _drive(speed: float, stop_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times from 0 on and distances, with a stop on the way; m/s, backwards where negative."""
    pace = abs(speed)
    if not stop_s:
        times, travelled = np.array([0.0, (FAR - NEAR) / pace]), np.array([0.0, FAR - NEAR])
    else:
        before = STOP - NEAR if speed > 0 else FAR - STOP
        after = FAR - NEAR - before
        brakes = max(BRAKES, pace**2 / (2 * before))
        pulls = max(PULLS, pace**2 / (2 * after))
        u = np.linspace(0, 1, 20)
        slow, fast = pace / brakes, pace / pulls
        cruise = (before - pace * slow / 2) / pace
        leave = (after - pace * fast / 2) / pace
        stands = cruise + slow
        times = np.concatenate(
            [[0], cruise + slow * u, stands + stop_s + fast * u, [stands + stop_s + fast + leave]]
        )
        travelled = np.concatenate(
            [
                [0],
                pace * cruise + pace * slow * (u - u**2 / 2),
                before + pace * fast * u**2 / 2,
                [before + after],
            ]
        )
    return times, (NEAR + travelled if speed > 0 else FAR - travelled)

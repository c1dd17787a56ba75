"""Where a plate is going: a small Kalman filter a coordinate."""

import math
from dataclasses import dataclass
from typing import Self

from app.vision.types import Box

# In heights of the plate, so that far and near vehicles are alike. A vehicle at walking pace moves
# some heights a second in the picture, one on a motorway dozens.
PLACE_NOISE = 0.4
"""Of a box's centre: the detector's own, and that of a camera that shakes."""
FIRST_SPEED = 12.0
"""A second, before it was seen twice."""
ACCELERATION = 5.0
"""A second and second; coming nearer alone makes a plate seem to accelerate."""

SIZE_NOISE = 0.12
FIRST_GROWTH = 1.0
GROWTH_CHANGE = 1.0
"""The same of the logarithm of its height."""

LEAST_NOISE = 3.0
"""Pixels: boxes are never better than that."""


@dataclass(slots=True)
class Coordinate:
    """Position and velocity with their covariances, under an acceleration that is white noise
    (Bar-Shalom, Li and Kirubarajan 2001, section 6.2)."""

    place: float
    speed: float
    place_variance: float
    covariance: float
    speed_variance: float

    @classmethod
    def first(cls, place: float, noise: float, speed_noise: float) -> Self:
        return cls(place, 0.0, noise**2, 0.0, speed_noise**2)

    def predicted(self, seconds: float, acceleration: float) -> "Coordinate":
        power, t = acceleration**2, seconds
        return Coordinate(
            self.place + self.speed * t,
            self.speed,
            self.place_variance
            + 2 * t * self.covariance
            + t**2 * self.speed_variance
            + power * t**4 / 4,
            self.covariance + t * self.speed_variance + power * t**3 / 2,
            self.speed_variance + power * t**2,
        )

    def corrected(self, measured: float, noise: float) -> "Coordinate":
        total = self.place_variance + noise**2
        gain, speed_gain = self.place_variance / total, self.covariance / total
        error = measured - self.place
        return Coordinate(
            self.place + gain * error,
            self.speed + speed_gain * error,
            (1 - gain) * self.place_variance,
            (1 - gain) * self.covariance,
            self.speed_variance - speed_gain * self.covariance,
        )

    def distance(self, measured: float, noise: float) -> float:
        """Squared, in standard deviations of what would be measured (Mahalanobis)."""
        return (measured - self.place) ** 2 / (self.place_variance + noise**2)


@dataclass(frozen=True, slots=True)
class Motion:
    """Centre and size of a plate at a moment, in pixels, and how they change."""

    at_s: float
    x: Coordinate
    y: Coordinate
    size: Coordinate
    """The logarithm of its height."""

    @classmethod
    def first(cls, at_s: float, box: Box) -> Self:
        x, y, size = _measured(box)
        noise, height = _noise(box.height), box.height
        return cls(
            at_s,
            Coordinate.first(x, noise, FIRST_SPEED * height),
            Coordinate.first(y, noise, FIRST_SPEED * height),
            Coordinate.first(size, SIZE_NOISE, FIRST_GROWTH),
        )

    def predicted(self, at_s: float) -> "Motion":
        seconds, push = at_s - self.at_s, ACCELERATION * self.height
        return Motion(
            at_s,
            self.x.predicted(seconds, push),
            self.y.predicted(seconds, push),
            self.size.predicted(seconds, GROWTH_CHANGE),
        )

    def seen(self, at_s: float, box: Box) -> "Motion":
        there = self.predicted(at_s)
        x, y, size = _measured(box)
        noise = _noise(box.height)
        return Motion(
            at_s,
            there.x.corrected(x, noise),
            there.y.corrected(y, noise),
            there.size.corrected(size, SIZE_NOISE),
        )

    def distance(self, box: Box) -> float:
        """Squared distance of a box seen at this moment, in standard deviations; 3 degrees."""
        x, y, size = _measured(box)
        noise = _noise(box.height)
        return (
            self.x.distance(x, noise)
            + self.y.distance(y, noise)
            + self.size.distance(size, SIZE_NOISE)
        )

    @property
    def height(self) -> float:
        """In pixels."""
        return math.exp(self.size.place)

    @property
    def speed(self) -> float:
        """In heights of the plate a second."""
        return math.hypot(self.x.speed, self.y.speed) / self.height


def _measured(box: Box) -> tuple[float, float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, math.log(max(box.height, 1))


def _noise(height: float) -> float:
    return max(PLACE_NOISE * height, LEAST_NOISE)

"""Vehicles as a detector and an OCR would tell of them, without pictures."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.video.tracking import Sighting, Track, Tracker
from app.vision.types import Box


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A plate's centre and height at each moment; None while it is hidden."""

    text: str
    place: Callable[[float], tuple[float, float, float] | None]

    def at(self, moment: float) -> tuple[float, float, float] | None:
        return self.place(moment)


def driving(
    text: str,
    start: tuple[float, float],
    speed: tuple[float, float],
    *,
    height: float = 30,
    growth: float = 0.0,
    begin: float = 0.0,
    end: float = 3.0,
    hidden: tuple[float, float] = (-1.0, -1.0),
) -> Vehicle:
    """Pixels a second; `growth` is that of the height's logarithm."""

    def place(moment: float) -> tuple[float, float, float] | None:
        if not begin <= moment < end or hidden[0] <= moment < hidden[1]:
            return None
        t = moment - begin
        return start[0] + speed[0] * t, start[1] + speed[1] * t, height * math.exp(growth * t)

    return Vehicle(text, place)


def sightings(
    vehicles: Sequence[Vehicle], moment: float, rng: random.Random, *, shake: float = 0.0
) -> list[Sighting]:
    """One frame: boxes with a detector's noise, texts with an OCR's mistakes."""
    dx, dy = rng.uniform(-shake, shake), rng.uniform(-shake, shake)
    seen = []
    for vehicle in vehicles:
        place = vehicle.at(moment)
        if place is None:
            continue
        x, y, height = place
        x, y = x + dx + rng.gauss(0, 0.1 * height), y + dy + rng.gauss(0, 0.1 * height)
        height *= math.exp(rng.gauss(0, 0.05))
        box = Box(
            round(x - 1.6 * height),
            round(y - height / 2),
            round(x + 1.6 * height),
            round(y + height / 2),
        )
        seen.append(Sighting(moment, box, vehicle.text, 0.95))
    return seen


def follow(frames: Iterable[tuple[float, list[Sighting]]]) -> list[tuple[str, int]]:
    """Text and number of sightings of each track, in the order of their ends."""
    tracker = Tracker()
    counts: dict[int, int] = {}
    ended: list[Track] = []
    for moment, seen in frames:
        over = tracker.step(moment, seen)
        for track in [*over, *tracker.tracks]:
            counts[track.number] = counts.get(track.number, 0) + len(track.take())
        ended += over
    for track in tracker.end():
        counts[track.number] += len(track.take())
        ended.append(track)
    return [(track.text, counts[track.number]) for track in ended]

"""Tracks of scripted vehicles: each plate is one, whatever the camera makes of it."""

import random

import pytest

from app.video.tracking import Sighting, Tracker, similarity
from app.vision.types import Box
from tests.video.scripted import Vehicle, driving, follow, sightings

RATES = (5.0, 10.0, 30.0)


def texts(
    vehicles: list[Vehicle], *, fps: float = 10.0, seconds: float = 4.0, shake: float = 0.0
) -> list[str]:
    rng = random.Random(4)
    moments = [i / fps for i in range(int(seconds * fps))]
    tracks = follow((t, sightings(vehicles, t, rng, shake=shake)) for t in moments)
    return sorted(text for text, _ in tracks)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("speed", [0, 100, 500])
def test_a_vehicle_is_one_track_at_any_rate(fps: float, speed: float) -> None:
    assert texts([driving("ABC123", (50, 300), (speed, 20))], fps=fps) == ["ABC123"]


@pytest.mark.parametrize("fps", RATES)
def test_two_side_by_side_and_two_that_meet(fps: float) -> None:
    side = [driving("ABC123", (300, 300), (0, 100)), driving("XYZ789", (420, 300), (0, 100))]
    assert texts(side, fps=fps) == ["ABC123", "XYZ789"]
    meet = [driving("ABC123", (100, 300), (200, 0)), driving("XYZ789", (700, 310), (-200, 0))]
    assert texts(meet, fps=fps) == ["ABC123", "XYZ789"]


@pytest.mark.parametrize("fps", RATES)
def test_one_that_comes_near_and_a_camera_that_shakes(fps: float) -> None:
    near = driving("ABC123", (600, 200), (20, 80), height=25, growth=0.7)
    assert texts([near], fps=fps) == ["ABC123"]
    assert texts([driving("ABC123", (50, 300), (150, 0))], fps=fps, shake=15) == ["ABC123"]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("speed", [0, 200])
def test_half_a_second_behind_a_post(fps: float, speed: float) -> None:
    assert texts([driving("ABC123", (50, 300), (speed, 0), hidden=(1.0, 1.5))], fps=fps) == [
        "ABC123"
    ]


def test_a_parked_one_behind_a_moving_one() -> None:
    parked = driving("PRK111", (400, 300), (0, 0), height=20, end=60)
    passing = [
        driving(f"ABC{i}23", (50, 306), (220, 0), begin=5 + 10 * i, end=8 + 10 * i)
        for i in range(4)
    ]
    hidden = Vehicle("PRK111", lambda t: None if 6.4 <= t < 7.2 or t >= 60 else parked.at(t))
    tracks = texts([hidden, *passing], fps=5, seconds=62)
    assert tracks == ["ABC023", "ABC123", "ABC223", "ABC323", "PRK111"]


def test_a_stop_of_a_minute() -> None:
    def place(t: float) -> tuple[float, float, float] | None:
        x = 100 + 200 * min(t, 1.0) + 200 * max(0.0, t - 61)
        return (x, 300.0, 30.0) if t < 63 else None

    assert texts([Vehicle("ABC123", place)], fps=5, seconds=66) == ["ABC123"]


def test_missed_frames_and_times_that_vary() -> None:
    rng = random.Random(9)
    moments, t = [], 0.0
    while t < 3:
        moments.append(t)
        t += rng.choice([0.017, 0.05, 0.1, 0.25])
    car = driving("ABC123", (50, 300), (250, 0))
    frames = [(t, sightings([car], t, rng) if rng.random() > 0.3 else []) for t in moments]
    assert [text for text, _ in follow(frames)] == ["ABC123"]


def test_misreadings_stay_in_the_track() -> None:
    rng = random.Random(2)
    car = driving("ABC123", (50, 300), (150, 0))
    frames = []
    for i in range(30):
        (seen,) = sightings([car], i / 10, rng)
        text = ("ABC123", "A8C123", "4BC12", "WWW")[i % 4]
        frames.append((i / 10, [Sighting(i / 10, seen.box, text, 0.9 if i % 4 < 3 else 0.4)]))
    assert follow(frames) == [("ABC123", 30)]


def test_another_text_for_good_is_another_vehicle() -> None:
    box = Box(100, 100, 200, 130)
    one = [(t / 5, [Sighting(t / 5, box, "ABC123", 0.95)]) for t in range(10)]
    other = [(t / 5, [Sighting(t / 5, box, "XYZ789", 0.95)]) for t in range(10, 20)]
    assert follow([*one, *other]) == [("ABC123", 10), ("XYZ789", 10)]
    once = (2.0, [Sighting(2.0, box, "XYZ789", 0.95)])
    again = [(t / 5, [Sighting(t / 5, box, "ABC123", 0.95)]) for t in range(11, 20)]
    assert follow([*one, once, *again]) == [("ABC123", 20)]


def test_one_that_returns_is_another_pass() -> None:
    first = driving("ABC123", (50, 300), (300, 0), end=2)
    second = driving("ABC123", (50, 300), (300, 0), begin=6, end=8)
    assert texts([first, second], seconds=9) == ["ABC123", "ABC123"]


def test_all_tracks_can_be_ended() -> None:
    tracker = Tracker()
    tracker.step(0.0, [Sighting(0.0, Box(0, 0, 50, 20), "ABC123", 0.9)])
    (track,) = tracker.end()
    assert (track.text, tracker.tracks) == ("ABC123", [])


def test_measures() -> None:
    assert similarity("ABC123", "ABC123") == 1
    assert similarity("ABC123", "ABC12") == pytest.approx(5 / 6)
    assert similarity("AAA", "BBB") == 0
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0

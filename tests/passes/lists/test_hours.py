"""Hours of a week."""

from datetime import datetime

import pytest

from app.passes.lists.hours import MAX_LENGTH, WeeklyHours, time_zone

AUCKLAND = "Pacific/Auckland"


@pytest.mark.parametrize(
    ("text", "local", "inside"),
    [
        ("", "2026-11-27T03:00", True),
        ("mon-fri 07:00-18:30", "2026-11-27T07:00", True),  # a Friday
        ("mon-fri 07:00-18:30", "2026-11-27T06:59:59", False),
        ("mon-fri 07:00-18:30", "2026-11-27T18:29:59", True),
        ("mon-fri 07:00-18:30", "2026-11-27T18:30", False),
        ("mon-fri 07:00-18:30", "2026-11-28T12:00", False),
        ("Sat,SUN 09:00-12:00", "2026-11-29T11:00", True),
        ("mon 00:00-24:00", "2026-11-30T23:59", True),
        ("fri 22:00-02:00", "2026-11-27T23:00", True),
        ("fri 22:00-02:00", "2026-11-28T01:59", True),
        ("fri 22:00-02:00", "2026-11-28T02:00", False),
        ("fri 22:00-02:00", "2026-11-27T01:00", False),
        ("sun 22:00-02:00", "2026-11-30T01:00", True),  # Monday
        ("fri-mon 08:00-09:00", "2026-11-29T08:30", True),
        ("fri-mon 08:00-09:00", "2026-12-01T08:30", False),
        ("mon 08:00-09:00; fri 10:00-11:00;", "2026-11-27T10:30", True),
        ("daily 10:00-11:00", "2026-11-28T10:30", True),
    ],
)
def test_by_the_clock_of_the_zone(text: str, local: str, inside: bool) -> None:
    zone = time_zone(AUCKLAND)
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    hours = WeeklyHours.parse(text)
    assert hours.contains(moment, zone) is inside
    assert hours.contains(moment.astimezone(time_zone("Europe/Berlin")), zone) is inside


def test_summer_time() -> None:
    """By the wall clock, whatever its distance to UTC."""
    hours, zone = WeeklyHours.parse("daily 08:00-09:00"), time_zone(AUCKLAND)
    winter = datetime.fromisoformat("2026-07-01T20:30:00+00:00")
    summer = datetime.fromisoformat("2026-12-01T19:30:00+00:00")
    assert hours.contains(winter, zone)
    assert hours.contains(summer, zone)
    assert not hours.contains(winter.replace(hour=19), zone)


@pytest.mark.parametrize(
    "text",
    [
        *("x", "mon", "08:00-09:00", "mon 8-9", "mon 08:00", "mon 25:00-26:00", "mon 08:60-09:00"),
        *("mon 09:00-09:00", "mon 24:00-08:00", "mons 08:00-09:00", "mon-xyz 08:00-09:00"),
        *("mon 24:01-08:00", "mon ٠٨:00-09:00", "x" * (MAX_LENGTH + 1)),
    ],
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|days"):
        WeeklyHours.parse(text)


@pytest.mark.parametrize("name", ["", "Auckland", "../etc/passwd", "/etc/passwd", "Pacific", "a\0"])
def test_what_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        time_zone(name)

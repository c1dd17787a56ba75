"""Hours of a week, as operators write them: `mon-fri 07:00-18:30; sat,sun 22:00-02:00`."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_LENGTH: Final = 500
_DAY: Final = 24 * 60
_PART: Final = re.compile(
    r"([a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*|daily)"
    r" ([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])"
)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """`spans` are (weekday from Monday = 0, first minute, minute after the last one) of the wall
    clock; what begins in the evening and ends in the morning goes beyond its day. None at all is
    always."""

    spans: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Days (`mon`, `mon-fri`, `sat,sun`, `daily`) with a time each, separated by semicolons; a
        time that ends before it begins ends on the next day. Raises ValueError."""
        if len(text) > MAX_LENGTH:
            raise ValueError(f"hours are at most {MAX_LENGTH} characters")
        parts = [part for part in text.lower().split(";") if part.strip()]
        return cls(tuple(span for part in parts for span in _spans(" ".join(part.split()))))

    def contains(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a moment, with a time zone, lies within them by the clocks of `zone`."""
        local = moment.astimezone(zone)
        day, minute = local.weekday(), local.hour * 60 + local.minute
        return not self.spans or any(
            (of == day and first <= minute < end)
            or ((of + 1) % 7 == day and first <= minute + _DAY < end)
            for of, first, end in self.spans
        )


@lru_cache(1000)
def weekly_hours(text: str) -> WeeklyHours:
    """As `WeeklyHours.parse`, of a text that is met again and again."""
    return WeeklyHours.parse(text)


@lru_cache(100)
def time_zone(name: str) -> ZoneInfo:
    """Raises ValueError for what is no name of a time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("there is no such time zone; write it as in Pacific/Auckland") from error


def _spans(part: str) -> list[tuple[int, int, int]]:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError("write hours as in mon-fri 07:00-18:30; sat 09:00-12:00")
    first, end = (_minute(hour, minute) for hour, minute in (found.group(2, 3), found.group(4, 5)))
    if first in (_DAY, end):
        raise ValueError("hours begin before they end; a whole day is 00:00-24:00")
    end += _DAY if end < first else 0
    return [(day, first, end) for day in _days(found[1])]


def _minute(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if minutes > _DAY:
        raise ValueError("a day has the hours 00:00 to 24:00")
    return minutes


def _days(text: str) -> list[int]:
    if text == "daily":
        return list(range(7))
    days: set[int] = set()
    for part in text.split(","):
        ends = part.split("-")
        if not set(ends) <= set(DAYS):
            raise ValueError(f"days are {', '.join(DAYS)} and daily")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days.update(day % 7 for day in range(first, last + 1 if last >= first else last + 8))
    return sorted(days)

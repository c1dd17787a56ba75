"""What each key may."""

import math
from collections.abc import Callable, Iterable, Mapping

from app.admission import Budget
from app.config.keys import ApiKey, Rate
from app.errors import CapacityError, ShareExceeded
from app.limits.bucket import Bucket

Refused = Callable[[str, str], None]
"""Told the name of a key and the code of what it was refused with."""


class Slots(Budget):
    """The pictures of one key that may be in flight."""

    def refusal(self) -> CapacityError:
        return ShareExceeded("Too many pictures of this key are in flight; try again.")


class Allowance:
    """Of one key. Thread-safe."""

    def __init__(
        self, rate: Rate | None, slots: int | None, refused: Callable[[str], None]
    ) -> None:
        self.bucket = None if rate is None else Bucket(rate)
        self.slots = None if slots is None else Slots(slots, what="pictures of this key")
        self.refused = refused

    def take(self, pictures: int = 1) -> None:
        """Raises RateLimited."""
        if self.bucket is not None:
            self.bucket.take(pictures)

    def headers(self) -> dict[str, str]:
        """What there is and what is left of it (draft-ietf-httpapi-ratelimit-headers-10)."""
        policy, left = [], []
        if self.bucket is not None:
            rate, now = self.bucket.rate, self.bucket.left()
            policy.append(f'"pictures";q={rate.quota};w={rate.window_s}')
            left.append(f'"pictures";r={now.amount};t={now.reset_s}')
        if self.slots is not None:
            policy.append(f'"slots";q={self.slots.limit};qu="concurrent-requests"')
            left.append(f'"slots";r={max(0, self.slots.limit - self.slots.in_use)}')
        return {"RateLimit-Policy": ", ".join(policy), "RateLimit": ", ".join(left)}


class Allowances:
    """Of all keys that have limits. Keys of one name and the same limits share them."""

    def __init__(self, slots: int, refused: Refused = lambda key, code: None) -> None:
        """`slots`: pictures that may be in flight at a time, of which keys have shares."""
        self._slots, self._refused = slots, refused
        self._known: Mapping[str, Allowance] = {}

    def apply(self, keys: Iterable[ApiKey]) -> None:
        """These keys and no others; what was taken of limits that did not change stays."""
        limited = {limits_name(key): key for key in keys if key.is_limited}
        self._known = {
            name: self._known.get(name) or self._make(key) for name, key in limited.items()
        }

    def of(self, key: ApiKey | None) -> Allowance | None:
        """None for those without limits."""
        return None if key is None or not key.is_limited else self._known.get(limits_name(key))

    def buckets(self) -> dict[str, Bucket]:
        """By a name that is the same in all processes."""
        return {
            name: allowance.bucket
            for name, allowance in self._known.items()
            if allowance.bucket is not None
        }

    def _make(self, key: ApiKey) -> Allowance:
        slots = None if key.share is None else max(1, math.floor(key.share * self._slots))
        return Allowance(key.rate, slots, lambda code: self._refused(key.who, code))


def limits_name(key: ApiKey) -> str:
    return f"{key.who} {key.rate} {key.share}"

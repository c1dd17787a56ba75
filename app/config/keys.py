"""API keys as they are written: alone, or with a name, roles and limits."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pydantic import SecretStr

from app.names import NAME

Role = Literal["read", "passes", "lists", "admin"]
"""What a key may do: read pictures and videos; see cameras and passes; see and change lists; and
everything."""

NAME_LENGTH: Final = 40
"""Of a key, as the audit has room for it."""

ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_RATE: Final = re.compile(r"([1-9]\d{0,8})/([smhd])")
_SHARE: Final = re.compile(r"0?\.\d{1,4}|1|1\.0")
_FORMS: Final = (
    "a key may be followed by name=NAME (at most 40 letters, digits and . _ -), by roles= with "
    f"some of {'+'.join(get_args(Role))}, by rate= as in 10/s, 600/m, 5000/h or 20000/d, and by "
    "share= from above 0 to 1"
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many pictures in a time, all of them at once if need be."""

    quota: int
    window_s: int

    def __str__(self) -> str:
        unit = next(unit for unit, seconds in _UNITS.items() if seconds == self.window_s)
        return f"{self.quota}/{unit}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`name` is for the audit; a key without one is known by its fingerprint. `share` is of the
    pictures that may be in flight."""

    secret: SecretStr
    name: str | None = None
    roles: frozenset[Role] = ROLES
    rate: Rate | None = None
    share: float | None = None

    @property
    def who(self) -> str:
        return self.name or fingerprint(self.secret.get_secret_value())

    @property
    def is_limited(self) -> bool:
        return self.rate is not None or self.share is not None

    def may(self, role: Role) -> bool:
        return role in self.roles or "admin" in self.roles


def fingerprint(key: str) -> str:
    """A name for a key that does not tell it."""
    return f"key-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def parse_key(text: str) -> ApiKey:
    """`KEY`, which may do everything, or `KEY name=NAME roles=ROLE+ROLE rate=10/s share=0.5`, any
    of them.

    Raises ValueError, which does not tell the key.
    """
    secret, *options = text.split()
    if not options or not all("=" in option for option in options):
        return ApiKey(SecretStr(text))
    name, roles, rate, share = None, ROLES, None, None
    for option in options:
        kind, _, value = option.partition("=")
        if kind == "name" and len(value) <= NAME_LENGTH and NAME.fullmatch(value):
            name = value
        elif kind == "roles" and (asked := frozenset(value.split("+"))) <= ROLES:
            roles = frozenset(role for role in ROLES if role in asked)
        elif kind == "rate" and (found := _RATE.fullmatch(value)):
            rate = Rate(int(found[1]), _UNITS[found[2]])
        elif kind == "share" and _SHARE.fullmatch(value) and float(value) > 0:
            share = float(value)
        else:
            raise ValueError(_FORMS)
    return ApiKey(SecretStr(secret), name, roles, rate, share)

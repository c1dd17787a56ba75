"""API keys as they are written: alone, or with a name and roles."""

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


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`name` is for the audit; a key without one is known by its fingerprint."""

    secret: SecretStr
    name: str | None = None
    roles: frozenset[Role] = ROLES

    def may(self, role: Role) -> bool:
        return role in self.roles or "admin" in self.roles


def parse_key(text: str) -> ApiKey:
    """`KEY`, which may do everything, or `KEY name=NAME roles=ROLE+ROLE`, either of both.

    Raises ValueError, which does not tell the key.
    """
    secret, *options = text.split()
    if not options or not all("=" in option for option in options):
        return ApiKey(SecretStr(text))
    name, roles = None, ROLES
    for option in options:
        kind, _, value = option.partition("=")
        if kind == "name" and len(value) <= NAME_LENGTH and NAME.fullmatch(value):
            name = value
        elif kind == "roles" and (asked := frozenset(value.split("+"))) <= ROLES:
            roles = frozenset(role for role in ROLES if role in asked)
        else:
            raise ValueError(
                "a key may be followed by name=NAME (at most 40 letters, digits and . _ -) and by "
                f"roles= with some of {'+'.join(get_args(Role))}"
            )
    return ApiKey(SecretStr(secret), name, roles)

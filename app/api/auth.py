"""Who may ask."""

import base64
import hashlib
import hmac
import logging
import secrets
import sys
from collections.abc import Iterable

from starlette.datastructures import Headers

from app.config import Settings
from app.config.keys import ApiKey, Role, fingerprint, parse_key
from app.errors import Forbidden, Unauthorized

logger = logging.getLogger(__name__)

KEY_HEADER = "X-API-Key"


class KeyRing:
    """The accepted keys. An empty ring accepts everybody."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self.replace(keys)

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Accept these and no others."""
        self._keys = tuple((_digest(key.secret.get_secret_value()), key) for key in keys)

    @property
    def keys(self) -> list[ApiKey]:
        return [key for _, key in self._keys]

    def find(self, key: str | None, role: Role | None = None) -> ApiKey | None:
        """The key that was given; None where everybody is accepted.

        Raises:
            Unauthorized: the key is missing or wrong, in a time that tells nothing of it.
            Forbidden: it does not have the role.
        """
        if not self._keys:
            return None
        if not key:
            raise Unauthorized(f"Send an API key in the {KEY_HEADER} header.")
        given = _digest(key)
        found = [known for digest, known in self._keys if hmac.compare_digest(given, digest)]
        if not found:
            raise Unauthorized("The API key is not accepted.")
        if role is not None and not any(known.may(role) for known in found):
            raise Forbidden(f"This API key does not have the role {role}.")
        return found[0]

    def check(self, key: str | None, role: Role | None = None) -> str:
        """The name of whoever asks, for the audit: that of the key, its fingerprint, or `nobody`.

        Raises as `find`.
        """
        known = self.find(key, role)
        if known is not None:
            return known.who
        return fingerprint(key) if key else "nobody"


def _digest(key: str) -> bytes:
    """Keys are compared by digest: of one length, whatever the caller sends."""
    return hashlib.sha256(key.encode()).digest()


def given_key(headers: Headers) -> str | None:
    """The key in a request, wherever clients of other services put it.

    `X-API-Key: KEY`, `Authorization: Token KEY`, or HTTP Basic with the key as password.
    """
    if key := headers.get(KEY_HEADER):
        return key
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "token":
            return credentials.strip()
        case "basic":
            return _basic_password(credentials)
    return None


def _basic_password(credentials: str) -> str | None:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:  # no ASCII, no base64, or no UTF-8 inside
        return None


def key_ring(settings: Settings) -> KeyRing:
    """The ring the settings ask for; without any key one is drawn and shown once.

    Raises:
        OSError: the key file cannot be read.
    """
    if settings.auth == "off":
        logger.warning("authentication is off: everybody who can reach this service may use it")
        return KeyRing(())
    keys = settings.keys()
    if not keys:
        drawn = secrets.token_urlsafe(24)
        # Not through the log: it must be seen at any level, and logs are kept by others.
        sys.stderr.write(f"No API key is set; for this run use {KEY_HEADER}: {drawn}\n")
        keys = (parse_key(drawn),)
    return KeyRing(keys)

"""Settings: who may ask, and what the service may fetch."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from app.config.keys import ApiKey, parse_key

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class AccessSettings(BaseSettings):
    """Keys, browser origins, and hosts of pictures by URL."""

    auth: Literal["on", "off"] = Field("on", description="`off` lets everybody in.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        validation_alias=AliasChoices("ALPR_API_KEYS", "API_KEY", "api_keys"),
        description="Accepted keys, separated by commas; `API_KEY` works too. A key does "
        "everything, unless roles follow it: `KEY name=gatehouse roles=passes+lists`; there are "
        "`read`, `passes`, `lists` and `admin`. `rate=10/s` (or `/m`, `/h`, `/d`) limits the "
        "pictures that it may send, `share=0.5` its part of `ALPR_MAX_IN_FLIGHT`.",
    )
    api_keys_file: Path | None = Field(
        None,
        description="File with one key a line (Docker secret), roles and limits behind it as "
        "above; read again when it changes and on SIGHUP.",
    )
    metrics_auth: Literal["on", "off"] = Field(
        "off", description="`on` asks for a key at `/metrics`, too."
    )
    cors_origins: CommaSeparated = Field(
        (), description="Browser origins that may call the service, separated by commas."
    )

    url_timeout: float = Field(10.0, gt=0, description="Seconds to fetch a picture by URL.")
    url_max_redirects: int = Field(3, ge=0, description="Redirects followed, each checked.")
    url_private_hosts: CommaSeparated = Field(
        (), description="Hosts on the own network that may be fetched from (cameras)."
    )

    @field_validator("api_keys", "cors_origins", "url_private_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in origins:
            raise ValueError("name the origins; '*' would let every web page call the service")
        if not all(re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+", origin) for origin in origins):
            raise ValueError("give origins as browsers send them, as in https://console.example")
        return origins

    @field_validator("url_private_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[\w.-]+|[0-9a-fA-F:.]+", host) for host in hosts):
            raise ValueError("give names or addresses alone, without scheme, port or path")
        return hosts

    @field_validator("api_keys")
    @classmethod
    def _are_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            if key.get_secret_value():
                parse_key(key.get_secret_value())
        return keys

    def keys(self) -> tuple[ApiKey, ...]:
        """All accepted keys, from the variable and the file.

        Raises:
            OSError: the key file cannot be read, is no text, or has a line that is no key.
        """
        texts = [key.get_secret_value() for key in self.api_keys]
        keys = [parse_key(text) for text in texts if text]
        if self.api_keys_file is not None:
            keys += _keys_of(self.api_keys_file)
        return tuple(keys)


def _keys_of(file: Path) -> list[ApiKey]:
    keys = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            keys += [parse_key(line.strip())] if line.strip() else []
        except ValueError as error:
            raise OSError(f"{file}:{number}: {error}.") from error
    return keys


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise OSError(f"{file} is no text file.") from error

"""Settings: who may ask, and what the service may fetch."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class AccessSettings(BaseSettings):
    """Keys, browser origins, and hosts of pictures by URL."""

    auth: Literal["on", "off"] = Field("on", description="`off` lets everybody in.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        validation_alias=AliasChoices("ALPR_API_KEYS", "API_KEY", "api_keys"),
        description="Accepted keys, separated by commas; `API_KEY` works too.",
    )
    api_keys_file: Path | None = Field(
        None, description="File with one key a line (Docker secret)."
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

    def keys(self) -> tuple[SecretStr, ...]:
        """All accepted keys, from the variable and the file.

        Raises:
            OSError: the key file cannot be read, or is no text.
        """
        keys = list(self.api_keys)
        if self.api_keys_file is not None:
            keys += [SecretStr(line.strip()) for line in _lines(self.api_keys_file)]
        return tuple(key for key in keys if key.get_secret_value())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise OSError(f"{file} is no text file.") from error

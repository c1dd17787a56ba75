"""The file of targets: who is told, of what, and how."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)
from yarl import URL

from app.addresses import is_literal, is_public
from app.config import Settings
from app.errors import InvalidTargets, UrlNotAllowed
from app.files.sections import FileFault, SectionFile, secret_of
from app.guard import is_named, private_certificates, web_address
from app.passes.notify.outbox import MAX_AGE_S
from app.passes.records import NewPass, PassMoment

Form = Literal["native", "platerecognizer", "platerecognizer-multipart", "alpr-database", "relay"]
_SIGNING: Final = "whsec_"
_SECRET_BYTES: Final = range(16, 129)
_UNSIGNED: Final = ("platerecognizer-multipart", "relay")
"""Forms without a body of text to sign."""


def _listed(value: Any) -> Any:
    """`a, b` as well as a list."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Moments = Annotated[tuple[PassMoment, ...], BeforeValidator(_listed)]


def _topic(text: str) -> str:
    """Levels of an MQTT topic that one may publish to."""
    if any(c in "+#\0" or not c.isprintable() for c in text) or "" in text.split("/"):
        raise ValueError("a topic has levels that are not empty, without + and #")
    return text


Topic = Annotated[str, Field(max_length=100), AfterValidator(_topic)]


class TargetConfig(BaseModel):
    """What the file says of every target."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    events: Moments = ("end",)
    cameras: Names = ()
    lists: Names = ()
    max_age: float = Field(MAX_AGE_S, gt=0, le=30 * MAX_AGE_S)
    enabled: bool = True
    ca_file: Path | None = None
    """Trusted instead of the public authorities."""


class WebhookConfig(TargetConfig):
    form: Form = "native"
    secret: SecretStr | None = None
    secret_file: Path | None = None
    headers: dict[str, SecretStr] = {}
    method: Literal["GET", "POST"] = "POST"
    timeout: float = Field(10.0, gt=0, le=60)
    parallel: int = Field(4, ge=1, le=32)


class MqttConfig(TargetConfig):
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    topic: Topic = "nz-alpr"
    discovery: Topic | Literal[""] = "homeassistant"
    frigate: Topic | Literal[""] = ""
    timeout: float = Field(10.0, gt=0, le=60)


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it is to be told. Equal ones need no new connection."""

    name: str
    config: WebhookConfig | MqttConfig = field(repr=False)
    secret: str | None = field(repr=False)
    authorities: str | None = field(default=None, repr=False)
    """In PEM, of `ca_file`: a changed file makes another target."""

    @property
    def url(self) -> URL:
        return URL(self.config.url.get_secret_value())

    @property
    def kind(self) -> Literal["webhook", "mqtt"]:
        return "webhook" if isinstance(self.config, WebhookConfig) else "mqtt"

    @property
    def form(self) -> Form | None:
        """Of a webhook."""
        return self.config.form if isinstance(self.config, WebhookConfig) else None

    @property
    def address(self) -> str:
        """Where it is, without path and query: a path may be a secret."""
        return str(self.url.origin())

    def wants(self, moment: PassMoment, event: NewPass) -> bool:
        config = self.config
        if self.form == "relay":
            return False
        return (
            moment in config.events
            and (not config.cameras or event.camera in config.cameras)
            and (not config.lists or any(match.list in config.lists for match in event.matches))
        )


def load_targets(path: Path, settings: Settings) -> dict[str, Target]:
    """The targets of a file that are enabled, by name.

        targets:
          office:
            url: https://example.org/hooks/plates
            secret_file: /run/secrets/office
            events: new, end
          home:
            url: mqtt://homeassistant.local

    Hosts of webhooks must be public, or named by `url_private_hosts`. Where plates are kept as
    hashes, no form that has a plate can be filled.

    Raises:
        InvalidTargets: a line for each fault, with file, line and field.
        OSError: it cannot be read.
    """
    try:
        file = SectionFile.read(path, "targets")
        found = {name: _target(name, file, settings) for name in file.sections}
        file.check()
    except FileFault as error:
        raise InvalidTargets(str(error)) from error
    return {name: target for name, target in found.items() if target is not None}


def private_hosts(settings: Settings) -> frozenset[str]:
    """Hosts that may be private, in lower case."""
    return frozenset(host.lower() for host in settings.url_private_hosts)


def _target(name: str, file: SectionFile, settings: Settings) -> Target | None:
    config = file.validated(name, _config)
    if config is None or not config.enabled:
        return None
    key = "secret" if isinstance(config, WebhookConfig) else "password"
    try:
        secret = _secret(config)
    except ValueError as error:
        file.fault_of(name, f"{key}_file", str(error))
        return None
    try:
        authorities = _authorities(config)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        file.fault_of(name, "ca_file", f"cannot be used: {reason}")
        return None
    target = Target(name, config, secret, authorities)
    for field_name, message in _faults(target, settings):
        file.fault_of(name, field_name, message)
    return target


def _config(values: Mapping[str, Any]) -> WebhookConfig | MqttConfig:
    """Raises ValidationError."""
    if str(values.get("url", "")).lower().startswith(("mqtt://", "mqtts://")):
        return MqttConfig.model_validate(values)
    return WebhookConfig.model_validate(values)


def _secret(config: WebhookConfig | MqttConfig) -> str | None:
    """Raises ValueError."""
    if isinstance(config, WebhookConfig):
        given, file = config.secret, config.secret_file
    else:
        given, file = config.password, config.password_file
    return secret_of(None if given is None else given.get_secret_value(), file)


def _authorities(config: WebhookConfig | MqttConfig) -> str | None:
    """Raises OSError, ValueError."""
    if config.ca_file is None:
        return None
    if not config.url.get_secret_value().lower().startswith(("https://", "mqtts://")):
        raise ValueError("the URL is neither https nor mqtts")
    authorities = config.ca_file.read_text(encoding="ascii")
    private_certificates(authorities)
    return authorities


def _faults(target: Target, settings: Settings) -> list[tuple[str, str]]:
    """Fields that are not right, each with why."""
    if isinstance(target.config, MqttConfig):
        return _mqtt_faults(target)
    config, found = target.config, []
    try:
        url = web_address(config.url.get_secret_value())
    except UrlNotAllowed as error:
        return [("url", str(error))]
    if url.user is not None or url.password is not None:
        found.append(("url", "give a name and password in `headers`: Authorization"))
    host = url.raw_host or ""
    if is_literal(host) and not is_public(host) and not is_named(url, private_hosts(settings)):
        found.append(("url", "the address is not public: name it in ALPR_URL_PRIVATE_HOSTS"))
    if settings.store_plates == "hashed" and config.form not in ("native", "relay"):
        found.append(("form", "there is no plate to fill it: ALPR_STORE_PLATES=hashed"))
    if config.form == "relay" and "events" in config.model_fields_set and config.events:
        found.append(("events", "a relay is for gates, and is told of no passes"))
    if config.method != "POST" and config.form != "relay":
        found.append(("method", "only a relay is asked with GET"))
    for name, value in config.headers.items():
        if not _is_header(name, value.get_secret_value()):
            found.append(("headers", f"{name!r} is no header, or its value is none"))
    return found + _secret_faults(config.form, target.secret)


def _secret_faults(form: Form, secret: str | None) -> list[tuple[str, str]]:
    if form == "alpr-database":
        return [] if secret else [("secret", "ALPR-Database wants its API key here")]
    if secret is None:
        return []
    if form in _UNSIGNED:
        return [("secret", f"{form} is not signed: give it `headers`")]
    if not _is_signing_secret(secret):
        return [("secret", f"give {_SIGNING} and 16 to 128 bytes in base64")]
    return []


def _mqtt_faults(target: Target) -> list[tuple[str, str]]:
    try:
        url = target.url
        port = url.port
    except ValueError:
        return [("url", "The URL is malformed.")]
    if not url.raw_host or url.path not in ("", "/") or url.query or port == 0:
        return [("url", "give mqtt://HOST:PORT")]
    if url.user is not None or url.password is not None:
        return [("url", "give `user` and `password_file` instead")]
    return []


def _is_signing_secret(text: str) -> bool:
    if not text.startswith(_SIGNING):
        return False
    try:
        return len(base64.b64decode(text[len(_SIGNING) :], validate=True)) in _SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_header(name: str, value: str) -> bool:
    token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return token and value.isascii() and value.isprintable()

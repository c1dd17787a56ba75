"""Traces where the settings ask for them; its libraries are not even loaded otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from fastapi.telemetry import TelemetryConfig

from app.config import Settings
from app.errors import NotInstalled
from app.logs import Fields

if TYPE_CHECKING:
    from app.api.tracing.tracing import Tracing

UNTRACED: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""Of the application without traces: what FastAPI sends by itself has addresses with plates and
keys in them."""


def open_tracing(settings: Settings) -> "Tracing | None":
    """None where it is switched off. It sends once it is started.

    Raises NotInstalled.
    """
    if settings.traces == "off":
        return None
    with _told_what_is_missing():
        from app.api.tracing.tracing import Tracing  # noqa: PLC0415
    return Tracing()


def log_fields(settings: Settings) -> Fields:
    """What the log has beside the request: its trace. Raises NotInstalled."""
    if settings.traces == "off":
        return {}
    with _told_what_is_missing():
        from app.api.tracing.tracing import LOG_FIELDS  # noqa: PLC0415
    return LOG_FIELDS


@contextmanager
def _told_what_is_missing() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise NotInstalled(
            f"ALPR_TRACES=on needs {error.name}: pip install opentelemetry-sdk "
            "opentelemetry-exporter-otlp-proto-http, of the versions in requirements.txt"
        ) from error

"""Settings: who is told of passes."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class NotifySettings(BaseSettings):
    """Telling others; the file says whom, and of what."""

    notify_file: Path | None = Field(
        None,
        description="File of the targets that are told of passes (YAML): webhooks and MQTT; read "
        "again when it changes and on SIGHUP. Needs `ALPR_STORE=on`.",
    )
    delivery_days: float = Field(
        7.0,
        ge=0,
        description="Days that deliveries which arrived or failed are kept; 0 keeps them.",
    )

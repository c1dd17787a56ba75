"""Settings: other services' APIs, and the process itself."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class RunningSettings(BaseSettings):
    """Which other APIs are served, the address, and the log."""

    platerecognizer: Literal["on", "off"] = Field(
        "on", description="Plate Recognizer's API (`/v1/plate-reader/` and others), with a key."
    )
    platerecognizer_created: bool = Field(
        False, description="Plate Recognizer's API answers 201, as its cloud does, instead of 200."
    )
    openalpr: Literal["on", "off"] = Field(
        "on", description="OpenALPR's cloud API (`/v1/recognize`), with a key as `secret_key`."
    )
    codeproject: Literal["key", "open"] = Field(
        "key",
        description="CodeProject.AI's API (`/v1/vision/alpr`): its clients cannot send a key, "
        "`open` lets everybody in who can reach the port.",
    )
    compat_plate: Literal["corrected", "raw"] = Field(
        "corrected", description="What these clients get: the best lawful reading or the raw text."
    )
    usage_file: Path | None = Field(
        None,
        description="SQLite file of the calls counted by month, and of what keys have used of "
        "their rates; without it they are counted from 0 at each start. `ALPR_DATABASE_URL` goes "
        "before it.",
    )

    host: str = Field("0.0.0.0", description="Address `serve` listens on.")  # noqa: S104
    port: int = Field(8000, ge=0, le=65535, description="Port `serve` listens on.")
    drain_seconds: float = Field(
        1.0, ge=0, description="Seconds between 'not ready' and closing, for load balancers."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="Form of the log lines.")
    traces: Literal["on", "off"] = Field(
        "off",
        description="OpenTelemetry traces, sent by OTLP. Where to, and how many: the standard "
        "`OTEL_...` variables ([operations](operations.md#traces)).",
    )
    log_plates: bool = Field(
        False, description="Log plate texts (personal information) with each request."
    )

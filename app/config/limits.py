"""Settings: how much at a time."""

from typing import Self

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import BaseSettings

from app.processors import usable_processors


class LimitSettings(BaseSettings):
    """Sizes, counts and times beyond which a request is refused."""

    max_upload_bytes: int = Field(20_000_000, gt=0, description="Largest picture in bytes.")
    max_pixels: int = Field(
        50_000_000,
        gt=0,
        description="Largest picture in pixels. JPEGs of up to eight times as many are read at a "
        "half or a quarter of their width and height; progressive ones are not, and not redacted.",
    )
    max_batch_files: int = Field(32, gt=0, description="Most pictures of one batch request.")
    max_batch_bytes: int = Field(100_000_000, gt=0, description="Largest batch request in bytes.")
    max_in_flight: int = Field(
        64, gt=0, description="Pictures accepted at a time, running and queued; more get 503."
    )
    max_body_bytes: int = Field(
        500_000_000,
        gt=0,
        description="Bytes of request bodies in memory at a time, at least those of one request; "
        "more get 503.",
    )
    max_fetches: int = Field(
        64, gt=0, description="Pictures fetched by URL at a time; more get 503."
    )
    max_connections: int = Field(
        512, gt=0, description="Connections open at a time; more get 503 and are closed."
    )
    deadline: float = Field(10.0, gt=0, description="Seconds from upload to answer.")
    head_timeout: float = Field(
        10.0, gt=0, description="Seconds until a connection has sent the head of a request."
    )
    upload_timeout: float = Field(30.0, gt=0, description="Seconds a request body may take.")
    send_timeout: float = Field(
        30.0, gt=0, description="Seconds a client may read nothing of its answer."
    )
    processes: int = Field(
        1,
        gt=0,
        validation_alias=AliasChoices("ALPR_PROCESSES", "WEB_CONCURRENCY", "processes"),
        description="Processes of `serve`, which share the processors; uvicorn's "
        "`WEB_CONCURRENCY` works too.",
    )
    workers: int = Field(
        default_factory=lambda known: usable_processors(known.get("processes", 1)),
        gt=0,
        description="Pictures that each process reads side by side; by default one for each "
        "processor it may use, quotas of containers included.",
    )

    @model_validator(mode="after")
    def _batch_fits(self) -> Self:
        chosen = "max_batch_files" in self.model_fields_set
        if chosen and self.max_batch_files > self.max_in_flight:
            raise ValueError("ALPR_MAX_BATCH_FILES must not exceed ALPR_MAX_IN_FLIGHT")
        return self

    @property
    def batch_limit(self) -> int:
        """Most pictures of one batch request: more than may be in flight could never be read."""
        return min(self.max_batch_files, self.max_in_flight)

    @property
    def body_bytes_limit(self) -> int:
        """Most bytes of bodies in memory: one request of any kind always fits."""
        # A picture as Base64 text has a third more bytes, and forms have room for other fields.
        return max(self.max_body_bytes, self.max_batch_bytes, self.max_upload_bytes * 3 // 2) + (
            1 << 20
        )

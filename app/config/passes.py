"""Settings: whether passes are kept, where, and for how long."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from app.config.weights import REPOSITORY

MIN_HASH_KEY = 16
_URL_SCHEMES = ("postgresql://", "postgres://")


class PassesSettings(BaseSettings):
    """The store of passes; plates are personal information, so it is off until asked for."""

    store: Literal["on", "off"] = Field(
        "off", description="`on` keeps passes (personal information) and serves `/passes`."
    )
    store_path: Path = Field(
        REPOSITORY / "store",
        description="Folder of the store: its SQLite file, pictures, and passes not yet written.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://USER:PASSWORD@HOST/DATABASE` instead of the SQLite file, for "
        "more than one machine; these then share the folder for its pictures.",
    )
    store_pictures: Literal["off", "crop", "frame"] = Field(
        "frame", description="Pictures kept: none, of the plate, or of the whole frame besides."
    )
    store_pictures_url: str | None = Field(
        None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9/_.-]*)?$",
        description="`s3://BUCKET/PREFIX` keeps pictures in an S3-compatible bucket instead of the "
        "folder; endpoint and credentials as in all tools for it (`AWS_ENDPOINT_URL_S3`, "
        "`AWS_ACCESS_KEY_ID`, ...).",
    )
    store_plates: Literal["text", "hashed"] = Field(
        "text",
        description="`hashed` keeps a keyed hash instead of each plate, no text and no picture: "
        "enough to count, and to know the same vehicle elsewhere.",
    )
    store_hash_key: SecretStr | None = Field(
        None, description=f"Key of the hashes, at least {MIN_HASH_KEY} characters."
    )
    store_days: float = Field(
        90.0, ge=0, description="Days after which passes are deleted; 0 keeps them."
    )
    store_max_bytes: int = Field(
        20_000_000_000,
        ge=0,
        description="Bytes of passes and their pictures beyond which the oldest are deleted; 0 for "
        "no limit.",
    )
    store_backlog_bytes: int = Field(
        1_000_000_000,
        gt=0,
        description="Bytes of passes that wait in the folder while the database cannot be reached; "
        "more are lost, and counted.",
    )
    audit_days: float = Field(
        365.0, ge=0, description="Days that the lines of who searched what are kept; 0 keeps them."
    )

    gates_file: Path | None = Field(
        None,
        description="File of the gates that open for vehicles of a list (YAML); read again when it "
        "changes and on SIGHUP. Needs `ALPR_STORE=on` and `ALPR_NOTIFY_FILE`.",
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(_URL_SCHEMES):
            raise ValueError("give a URL as in postgresql://USER:PASSWORD@HOST/DATABASE")
        return url

    @model_validator(mode="after")
    def _hashes_have_a_key(self) -> Self:
        key = self.store_hash_key
        if self.store_plates == "hashed" and (
            key is None or len(key.get_secret_value()) < MIN_HASH_KEY
        ):
            raise ValueError(
                f"ALPR_STORE_PLATES=hashed needs ALPR_STORE_HASH_KEY of at least {MIN_HASH_KEY} "
                "characters"
            )
        return self

"""Settings: read once from the environment, then passed down.

Every name is an environment variable with the prefix `ALPR_`; the table of docs/settings.md is
checked against this class.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AliasChoices, Field, SecretBytes, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.nz.formats import is_series_prefix
from app.options import FormatsText, MasksText, MinHeight, Probability, RegionText
from app.processors import usable_processors

REPOSITORY = Path(__file__).resolve().parents[1]

UPLOAD_GRACE = 5.0
"""Seconds that uploads which still come in after the draining have left."""
CLOSING_SECONDS = 3.0
"""Seconds for threads to end once every request is answered."""

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="ALPR_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # it has the keys in it
        allow_inf_nan=False,
    )

    # Weights
    detector_path: Path | None = Field(None, description="Detector ONNX file.")
    ocr_path: Path | None = Field(None, description="OCR ONNX file.")
    ocr_config_path: Path | None = Field(
        None, description="Plate config (YAML) of the OCR; needed with `ALPR_OCR_PATH`."
    )
    detector_model: str | None = Field(
        None, description="Hub name of the detector, fetched before into the model directory."
    )
    ocr_model: str | None = Field(
        None, description="Hub name of the OCR, fetched before into the model directory."
    )
    model_dir: Path = Field(
        REPOSITORY / "models" / "hub", description="Where fetched hub weights lie."
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="`cuda` needs onnxruntime-gpu; there is no silent fallback."
    )

    # Reading
    min_confidence: Probability = Field(
        0.4, description="Lowest detection confidence; a request may raise or lower it."
    )
    low_confidence: Probability = Field(
        0.75, description="Readings below it count as `low_confidence` in the metrics."
    )
    min_aspect_ratio: float = Field(
        0.6, gt=0, description="Narrowest box, width over height, that may be a plate."
    )
    max_aspect_ratio: float = Field(
        7.5, gt=0, description="Widest box, width over height, that may be a plate."
    )
    small_plate_aspect_ratio: float = Field(
        1.9, gt=0, description="Narrower boxes are motorcycle plates: at most 5 characters."
    )
    padding: Literal["square", "tight"] = Field(
        "tight",
        description="`tight` gives the first look at frames wider than high an input with less "
        "padding, up to a third less work; boxes may then differ by a pixel from fast-alpr's. "
        "`square`, and `detail=low` with either, takes fast-alpr's own input.",
    )
    detail: Literal["low", "auto", "high"] = Field(
        "auto",
        description="Passes of the detector: `low` one, `auto` closer looks at what the first "
        "leaves in doubt, `high` everywhere.",
    )
    slice_confidence: Probability = Field(
        0.5, description="Lowest detection confidence in the closer looks."
    )
    auto_passes: int = Field(9, gt=0, description="Most passes of one picture at `auto`.")
    high_passes: int = Field(48, gt=0, description="Most passes of one picture at `high`.")
    enhance: Literal["off", "auto", "always"] = Field(
        "off", description="Default treatment of pictures that are hard to read."
    )
    enhance_below: Probability = Field(
        0.75, description="`enhance=auto` looks again at readings less confident than this."
    )
    rotate: Literal["0", "90", "180", "270", "auto"] = Field(
        "0",
        description="Degrees pictures are turned clockwise before they are read, for cameras "
        "mounted sideways or upside down; `auto` tries the others where a picture shows no sure "
        "plate. `/redact` looks at pictures as sent and turned.",
    )
    region: RegionText = Field(
        "",
        description="Polygon in which plates are read: x,y of each corner, as fractions of a "
        "picture's width and height; empty for everywhere. `/redact` covers every plate.",
    )
    masks: MasksText = Field(
        "",
        description="Polygons as for `ALPR_REGION`, separated by semicolons, in which no plate is "
        "read: for text that cameras write into their pictures.",
    )
    min_height: MinHeight = Field(
        0, description="Lowest plate that is read: height of its box in pixels."
    )
    formats: FormatsText = Field(
        "",
        description="Formats of the plates that are answered, separated by commas (`standard`, "
        "`pre2001`, ...); empty for all.",
    )
    crops: bool = Field(False, description="Answer a picture of each plate, too.")
    calibration: str | None = Field(
        None,
        description="How sure the OCR's readings are: a name such as `nz-mobile-vit-v2-ocr`, or a "
        "`.json` file. By default that of the network; for one of your own of another name the "
        "`generic` one, which corrects little.",
    )
    correction_threshold: float = Field(
        0.85,
        ge=0.5,
        le=1,
        description="Posterior from which a lawful reading is offered as correction. A calibration "
        "may ask for more (the generic one for 0.97): the stricter of the two holds.",
    )
    furthest_issued: str = Field(
        "RP", description="Furthest prefix issued in the standard series (January 2026)."
    )

    # Video
    video_fps: float = Field(
        5.0, gt=0, le=60, description="Frames read for each second of a video."
    )
    min_agreeing: int = Field(
        2, gt=0, description="Reads of the same text that make a pass of a video; less is not told."
    )
    new_confidence: Probability = Field(
        0.9, description="Probability from which a pass is told while it lasts: what opens a gate."
    )
    max_videos: int = Field(2, gt=0, description="Videos read at a time; more get 503.")
    max_video_bytes: int = Field(500_000_000, gt=0, description="Largest video in bytes.")
    max_video_seconds: float = Field(900.0, gt=0, description="Longest video in its own seconds.")
    video_upload_timeout: float = Field(
        300.0, gt=0, description="Seconds the upload of a video may take."
    )
    video_deadline: float = Field(
        900.0, gt=0, description="Seconds a video may be read; what was read by then is answered."
    )

    # Limits
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

    # Access
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

    # Pictures by URL
    url_timeout: float = Field(10.0, gt=0, description="Seconds to fetch a picture by URL.")
    url_max_redirects: int = Field(3, ge=0, description="Redirects followed, each checked.")
    url_private_hosts: CommaSeparated = Field(
        (), description="Hosts on the own network that may be fetched from (cameras)."
    )

    # Redaction
    redact_min_confidence: Probability = Field(
        0.1, description="Lowest detection confidence that is covered by `/redact`."
    )
    redact_margin: float = Field(
        0.1, ge=0, le=1, description="Share of a plate's size covered beyond each of its sides."
    )

    # Other services' clients
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
        description="SQLite file of the calls counted by month; without it each process counts "
        "its own, from 0 at its start.",
    )

    # Running
    host: str = Field("0.0.0.0", description="Address `serve` listens on.")  # noqa: S104
    port: int = Field(8000, ge=0, le=65535, description="Port `serve` listens on.")
    drain_seconds: float = Field(
        1.0, ge=0, description="Seconds between 'not ready' and closing, for load balancers."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="Form of the log lines.")
    log_plates: bool = Field(
        False, description="Log plate texts (personal information) with each request."
    )

    @field_validator("api_keys", "cors_origins", "url_private_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("furthest_issued")
    @classmethod
    def _is_prefix(cls, prefix: str) -> str:
        if not is_series_prefix(prefix):
            raise ValueError("give one to three capital letters of the standard series, as in RP")
        return prefix

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

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.ocr_path is None) != (self.ocr_config_path is None):
            raise ValueError("ALPR_OCR_PATH and ALPR_OCR_CONFIG_PATH go together")
        chosen = "max_batch_files" in self.model_fields_set
        if chosen and self.max_batch_files > self.max_in_flight:
            raise ValueError("ALPR_MAX_BATCH_FILES must not exceed ALPR_MAX_IN_FLIGHT")
        if self.min_aspect_ratio >= self.max_aspect_ratio:
            raise ValueError("ALPR_MIN_ASPECT_RATIO must be below ALPR_MAX_ASPECT_RATIO")
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

    @property
    def finish_seconds(self) -> float:
        """Most seconds that what was accepted before the end of the draining takes."""
        return max(UPLOAD_GRACE, self.url_timeout + 1) + self.deadline

    @property
    def stop_seconds(self) -> float:
        """Most seconds from SIGTERM to the end of the process; who starts it has to wait longer."""
        return self.drain_seconds + self.finish_seconds + CLOSING_SECONDS

    def keys(self) -> tuple[SecretStr, ...]:
        """All accepted keys, from the variable and the file.

        Raises:
            OSError: the key file cannot be read, or is no text.
        """
        keys = list(self.api_keys)
        if self.api_keys_file is not None:
            keys += [SecretStr(line.strip()) for line in _lines(self.api_keys_file)]
        return tuple(key for key in keys if key.get_secret_value())


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting holds secrets, by its type."""
    waiting: list[object] = [field.annotation]
    while waiting:
        kind = waiting.pop()
        if kind in (SecretStr, SecretBytes):
            return True
        waiting += get_args(kind)
    return False


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Sentences about variables that look like settings and are none. Without their values."""
    known = [f"ALPR_{name.upper()}" for name in Settings.model_fields]
    sentences = []
    for name in sorted(environment):
        if not name.upper().startswith("ALPR_") or name.upper() in known:
            continue
        closest = get_close_matches(name.upper(), known, n=1)
        hint = f"; did you mean {closest[0]}?" if closest else "."
        sentences.append(f"{name} is no setting and has no effect{hint}")
    return sentences


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise OSError(f"{file} is no text file.") from error

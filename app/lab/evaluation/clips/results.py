"""What came out for each pass and clip: all that the figures are computed from, and what `--json`
writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from app.lab.errors import ResultError

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class FoundPass:
    """A pass of the answer. One that was not `told` has fewer agreeing reads than are asked for.

    `frames` are those that its plate was read in.
    """

    plate: str
    confidence: float
    format: str | None
    first_seen_s: float
    last_seen_s: float
    frames: int
    reads: int
    agreeing: int
    raw_reads: dict[str, int]
    told: bool


@dataclass(frozen=True, slots=True)
class PassOutcome:
    """One labelled pass. `found` are the passes of the answer that are of it, the one with the most
    frames first: of that one is the rest.

    `ways` has the text of each way to fuse its looks, `frames` their number and `frames_right` how
    many of them were right by themselves. `first_right_s` is how long after the plate came into the
    picture the right text was told; None where it never was.
    """

    clip: str
    truth: str
    start_s: float
    end_s: float | None
    tags: dict[str, str]
    found: tuple[FoundPass, ...]
    ways: dict[str, str]
    frames: int
    frames_right: int
    first_right_s: float | None

    @property
    def told(self) -> tuple[FoundPass, ...]:
        return tuple(one for one in self.found if one.told)

    @property
    def right(self) -> bool:
        told = self.told
        return bool(told) and told[0].plate == self.truth


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """One clip. `unmatched` are passes told that no label explains; `counted` says that they are
    wrong, for all plates that can be read in it have labels.

    `error` says why it could not be read, or not to its end.
    """

    name: str
    counted: bool
    unmatched: tuple[FoundPass, ...]
    duration_s: float
    frames_read: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ClipEvaluation:
    """`where` are the filters as given, `options` those of watching, by name; `created` is in UTC
    (ISO 8601)."""

    dataset: str
    where: tuple[str, ...]
    detector: str
    ocr: str
    options: dict[str, str]
    created: str
    passes: tuple[PassOutcome, ...]
    clips: tuple[ClipOutcome, ...]
    mode: Literal["clips"] = "clips"
    version: int = FORMAT_VERSION


_ADAPTER: Final = TypeAdapter(ClipEvaluation)


def load_clip_evaluation(path: Path) -> ClipEvaluation:
    """Raises ResultError where the file is not what `evaluate --json` writes, or OSError."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        raise ResultError(f"{path} is no result of evaluate on clips.") from error


def clip_evaluation_body(evaluation: ClipEvaluation) -> dict[str, object]:
    """Plain values for JSON."""
    body: dict[str, object] = _ADAPTER.dump_python(evaluation, mode="json")
    return body

"""What came out for each plate and photo: all that the figures are computed from.

An `Evaluation` is what `--json` writes and `compare` reads, so its fields are a file format.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from app.lab.errors import ResultError
from app.lab.evaluation.matching import DETECTED_IOU, BoxF
from app.vision.decision import Witnesses

FORMAT_VERSION: Final = 1
Mode = Literal["photos", "crops"]


@dataclass(frozen=True, slots=True)
class RankedPlate:
    plate: str
    format: str
    probability: float


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """A plate of the answer. `box` and `detection_confidence` are None for crops.

    `raw` is the text of the OCR without spaces, `confidence` its geometric mean probability.
    `plate_confidence` and `text_confidence` are how probable it is that there is a plate and that
    the text is right, `witnesses` what tells so; older files have none.
    """

    raw: str
    confidence: float
    corrected: str | None
    candidates: tuple[RankedPlate, ...]
    box: BoxF | None
    detection_confidence: float | None
    plate_confidence: float | None = None
    text_confidence: float | None = None
    witnesses: Witnesses | None = None

    @property
    def text(self) -> str:
        """What the service says: the correction if there is one, otherwise the raw text."""
        return self.corrected or self.raw

    @property
    def best(self) -> RankedPlate | None:
        return self.candidates[0] if self.candidates else None

    def ranked(self, count: int) -> tuple[str, ...]:
        """The text and then the most probable candidates that differ from it, `count` in all."""
        others = [found.plate for found in self.candidates if found.plate != self.text]
        return (self.text, *others)[:count]


@dataclass(frozen=True, slots=True)
class PlateOutcome:
    """One labelled plate. `index` counts the labels of its photo; `iou` is None without boxes.

    `truth` is None where only the place is known, `read` where the plate was not found or nothing
    was read off it.
    """

    photo: str
    index: int
    truth: str | None
    box: BoxF | None
    tags: dict[str, str]
    read: ReadPlate | None
    iou: float | None

    @property
    def detected(self) -> bool:
        return self.iou is not None and self.iou >= DETECTED_IOU

    @property
    def raw_right(self) -> bool:
        return self.read is not None and self.read.raw == self.truth

    @property
    def right(self) -> bool:
        return self.read is not None and self.read.text == self.truth

    def within_top(self, count: int) -> bool:
        return self.read is not None and self.truth in self.read.ranked(count)


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """One photo. `unmatched` are plates of the answer that no label explains.

    They are false ones where the photo is `fully_labelled`; it is `negative` if it shows no plate.
    `rejected` counts detections that the pipeline dropped, by reason; `error` says why the picture
    could not be read; `passes` are those of the detector, which older files do not have.
    """

    name: str
    fully_labelled: bool
    negative: bool
    unmatched: tuple[ReadPlate, ...]
    timings_ms: dict[str, float]
    rejected: dict[str, int]
    error: str | None = None
    passes: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`where` are the filters as given, `created` is in UTC (ISO 8601).

    `options` are those of reading a photo by name, none for crops.
    """

    dataset: str
    mode: Mode
    where: tuple[str, ...]
    recall_only: bool
    detector: str | None
    ocr: str
    options: dict[str, str]
    created: str
    plates: tuple[PlateOutcome, ...]
    photos: tuple[PhotoOutcome, ...]
    version: int = FORMAT_VERSION


_ADAPTER: Final = TypeAdapter(Evaluation)


def evaluation_body(evaluation: Evaluation) -> dict[str, object]:
    """Plain values for JSON."""
    body: dict[str, object] = _ADAPTER.dump_python(evaluation, mode="json")
    return body


def load_evaluation(path: Path) -> Evaluation:
    """Raises ResultError where the file is not what `evaluate --json` writes, or OSError."""
    try:
        evaluation = _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ResultError(f"{path} is no result of evaluate: {where}: {first['msg']}.") from error
    if evaluation.version != FORMAT_VERSION:
        raise ResultError(f"{path} has format {evaluation.version}, not {FORMAT_VERSION}.")
    return evaluation

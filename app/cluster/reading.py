"""One part of a job, read by one process with its own engine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from app.api.errors import ErrorBody, error_body
from app.api.schemas.pictures import ModelBody, prediction_body
from app.building import build_engine
from app.cluster.places import Place, Source
from app.cluster.plan import Form, Part
from app.cluster.rows import Row, dump
from app.config import Settings
from app.engine import Engine
from app.errors import AlprError
from app.vision.pipeline import ReadOptions
from app.weights.resolve import resolve_weights

_AHEAD: Final = 8
"""Pictures that are fetched while others are read, for storage that is far away."""


@dataclass(frozen=True, slots=True)
class Job:
    """What each process has to know. `processors` and `gpus` are those one engine has."""

    output: str
    form: Form
    settings: Settings
    options: ReadOptions
    processors: int
    gpus: float


@dataclass(frozen=True, slots=True)
class PartRead:
    """Told of a part when its file is there."""

    number: int
    pictures: int
    failed: int


def read_part(part: Part, job: Job) -> PartRead:
    """Read all pictures of a part, then write their rows as one file, in the order of the part.

    Raises OSError where the storage fails: the part is then read by the next run.
    """
    engine, model = _engine(job.settings)
    read = partial(_read, source=Source(), engine=engine, options=job.options, model=model)
    with ThreadPoolExecutor(engine.workers + _AHEAD) as fetching:
        rows = list(fetching.map(read, part.pictures))
    Place(job.output).write(part.file(job.form), dump(rows, job.form))
    return PartRead(part.number, len(rows), sum(row.error is not None for row in rows))


@cache
def _engine(settings: Settings) -> tuple[Engine, ModelBody]:
    """Loaded once in each process that Ray keeps for tasks."""
    weights = resolve_weights(settings)
    names = ModelBody(detector=weights.detector.name, ocr=weights.ocr.name)
    return build_engine(settings, weights), names


def _read(
    picture: str, *, source: Source, engine: Engine, options: ReadOptions, model: ModelBody
) -> Row:
    try:
        result = engine.submit(source.read(picture), options).result()
    except AlprError as error:
        return Row(picture=picture, error=error_body(error))
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        fault = ErrorBody(detail=error.strerror or type(error).__name__, code="unreadable")
        return Row(picture=picture, error=fault)
    return Row(picture=picture, result=prediction_body(result, model, picture))

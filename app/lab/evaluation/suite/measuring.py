"""One pair of networks on the sets, each result kept so that a run can be taken up again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from app.building import build_engine
from app.config import Settings
from app.lab.evaluation.clips.command import watch_set, watch_words
from app.lab.evaluation.clips.results import (
    ClipEvaluation,
    clip_evaluation_body,
    load_clip_evaluation,
)
from app.lab.evaluation.gathering import gather, with_progress
from app.lab.evaluation.results import Evaluation, evaluation_body, load_evaluation
from app.lab.evaluation.run import read_photos
from app.lab.evaluation.suite.pairs import Pair, settings_of
from app.lab.evaluation.suite.provenance import Provenance, provenance_of
from app.lab.evaluation.suite.sets import LoadedSet
from app.video.options import VideoQuery
from app.vision.detection.search import Detail
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.weights.resolve import resolve_weights

Result: TypeAlias = Evaluation | ClipEvaluation


@dataclass(frozen=True, slots=True)
class Measured:
    loaded: LoadedSet
    result: Result
    provenance: Provenance


def measure_pair(
    pair: Pair,
    sets: Sequence[LoadedSet],
    settings: Settings,
    *,
    detail: Detail | None = None,
    keep: Path | None = None,
) -> Iterator[Measured]:
    """Each set in its turn; `detail` is that of the settings unless given.

    Args:
        keep: folder of results, as `evaluate --json` writes them. One of the same set, weights,
            options, libraries and code is taken from it.

    Raises:
        ModelError: the pair is not here, or cannot be loaded.
        InferenceError: a network failed.
    """
    served = settings_of(pair, settings)
    weights = resolve_weights(served)
    origin = provenance_of(pair, weights, served)
    options = ReadOptions(
        min_confidence=served.min_confidence, enhance=served.enhance, detail=detail or served.detail
    )
    query = VideoQuery(detail=detail)
    watching, fps = query.watch_options(served), query.frames_a_second(served)
    reading = {
        "min_confidence": str(options.min_confidence),
        "enhance": options.enhance,
        "detail": options.detail,
    }

    def measure(pipeline: PlatePipeline, loaded: LoadedSet) -> Result:
        if loaded.clips:
            return watch_set(
                pipeline,
                weights,
                loaded.clips,
                watching,
                served,
                fps=fps,
                dataset=loaded.name,
                recall_only=loaded.recall_only,
            )
        readings = read_photos(pipeline, loaded.photos, options, recall_only=loaded.recall_only)
        return gather(
            list(with_progress(readings, len(loaded.photos), f"{pair} {loaded.name}")),
            weights,
            dataset=loaded.name,
            options=options,
            recall_only=loaded.recall_only,
        )

    with ExitStack() as closing:
        pipeline: PlatePipeline | None = None
        for loaded in sets:
            words = watch_words(watching, served, fps=fps) if loaded.clips else reading
            provenance = replace(origin, options=origin.options | words)
            place = None if keep is None else keep / _file_name(loaded, provenance)
            if place is not None and place.is_file():
                yield Measured(loaded, _load(loaded, place), provenance)
                continue
            if pipeline is None:
                engine = build_engine(served, weights)
                closing.callback(engine.close)
                pipeline = engine.pipeline
            result = measure(pipeline, loaded)
            if place is not None:
                _save(result, place)
            yield Measured(loaded, result, provenance)


def _file_name(loaded: LoadedSet, provenance: Provenance) -> str:
    key = hashlib.sha256(repr((loaded.checksum, provenance)).encode()).hexdigest()
    return f"{loaded.name}-{provenance.pair}-{key[:16]}.json"


def _load(loaded: LoadedSet, place: Path) -> Result:
    return load_clip_evaluation(place) if loaded.clips else load_evaluation(place)


def _save(result: Result, place: Path) -> None:
    body = (
        clip_evaluation_body(result)
        if isinstance(result, ClipEvaluation)
        else evaluation_body(result)
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".part")
    half.write_text(json.dumps(body) + "\n")
    half.replace(place)

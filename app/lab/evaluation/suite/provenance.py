"""What a result comes from: with the same of it, the same set is read the same."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime

import app
from app import __version__
from app.config import Settings
from app.config.reading import ReadingSettings
from app.lab.evaluation.suite.pairs import Pair, checksums
from app.vision.backends.runtime import choose_runtime
from app.weights.resolve import Weights

_READING: Final = (
    *("nz", "vision", "video", "lab/evaluation/clips", "lab/evaluation/dataset.py"),
    *("lab/evaluation/matching.py", "lab/evaluation/run.py"),
)
"""Parts of the code that decide what is read, and what counts as right."""
_IN_WEIGHTS: Final = {"calibration", "decision"}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Networks by name, SHA-256 of the weights and of the code, libraries that run it, and options:
    those of the reading, and the settings that are not the default ones."""

    version: str
    pair: str
    detector: str
    ocr: str
    weights: dict[str, str]
    code: str
    libraries: dict[str, str]
    options: dict[str, str]


def provenance_of(pair: Pair, weights: Weights, settings: Settings) -> Provenance:
    """All but the options of a reading."""
    runtime = choose_runtime(
        backend=settings.backend, precision=settings.precision, device=settings.device
    )
    libraries = {
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "onnxruntime": onnxruntime.__version__,
    }
    if runtime.backend == "openvino":
        libraries["openvino"] = version("openvino")
    return Provenance(
        version=__version__,
        pair=str(pair),
        detector=weights.detector.name,
        ocr=weights.ocr.name,
        weights=checksums(weights),
        code=code_checksum(),
        libraries=libraries,
        options={
            "backend": runtime.backend,
            "precision": settings.precision,
            "device": settings.device,
            **_changed(settings),
        },
    )


def _changed(settings: Settings) -> dict[str, str]:
    return {
        name: str(value)
        for name, field in ReadingSettings.model_fields.items()
        if name not in _IN_WEIGHTS and (value := getattr(settings, name)) != field.default
    }


def code_checksum(root: Path = Path(app.__file__).parent) -> str:
    total = hashlib.sha256()
    for part in _READING:
        place = root / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            total.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return total.hexdigest()

"""Pairs of networks: each chosen for itself among the project's own and the hub's."""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.config import Settings
from app.errors import InvalidRequest
from app.nz.calibration import GENERIC as UNCALIBRATED
from app.nz.calibration import load_calibration
from app.vision.decision import GENERIC, load_decision
from app.weights.files import sha256_of
from app.weights.hub import DEFAULT_PAIR
from app.weights.resolve import Weights

Source = Literal["own", "hub"]
OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class Pair:
    """Whose detector and whose OCR."""

    detector: Source
    ocr: Source

    def __str__(self) -> str:
        return f"{self.detector}+{self.ocr}"


_SOURCES: Final[tuple[Source, ...]] = get_args(Source)
PAIRS: Final = tuple(Pair(detector, ocr) for detector in _SOURCES for ocr in _SOURCES)


def choose_pairs(names: list[str] | None) -> list[Pair]:
    """`own+hub` is the own detector with the hub's OCR. Raises InvalidRequest."""
    known = {str(pair): pair for pair in PAIRS}
    for name in names or ():
        if name not in known:
            raise InvalidRequest(f"There is no pair {name}. Known: {', '.join(known)}.")
    return [pair for name, pair in known.items() if names is None or name in names]


def settings_of(pair: Pair, settings: Settings) -> Settings:
    """Settings that serve the pair.

    The hub's networks are those that the settings name, by path or by hub name, else the default
    ones. `calibration` belongs to the OCR that the settings name, and a `decision` in a file to
    their pair; one by name holds for every pair. A pair with the hub's is otherwise judged by the
    generic decision.
    """
    served = Pair(_served(settings.detector_path, settings.detector_model), _served_ocr(settings))
    changed: dict[str, object] = {}
    if pair.detector == OWN:
        changed |= {"detector_path": None, "detector_model": None}
    elif served.detector == OWN:
        changed |= {"detector_model": DEFAULT_PAIR[0]}
    if pair.ocr == OWN:
        changed |= {"ocr_path": None, "ocr_config_path": None, "ocr_model": None}
    elif served.ocr == OWN:
        changed |= {"ocr_model": DEFAULT_PAIR[1]}
    if pair.ocr != served.ocr:
        changed |= {"calibration": None}
    in_file = (settings.decision or "").endswith(".json")
    decision = None if in_file and pair != served else settings.decision
    if decision is None and pair != Pair("own", "own"):
        decision = GENERIC
    return settings.model_copy(update={**changed, "decision": decision})


def _served(path: object, model: str | None) -> Source:
    return "own" if path is None and model is None else "hub"


def _served_ocr(settings: Settings) -> Source:
    return _served(settings.ocr_path, settings.ocr_model)


def checksums(weights: Weights) -> dict[str, str]:
    """SHA-256 of what reads: both networks, the calibration and the decision as they are."""
    calibration = load_calibration(weights.ocr.calibration or UNCALIBRATED).to_json()
    found = {
        "detector": sha256_of(weights.detector.path),
        "ocr": sha256_of(weights.ocr.path),
        "calibration": hashlib.sha256(calibration.encode()).hexdigest(),
    }
    if weights.decision is not None:
        decision = load_decision(weights.decision).to_json()
        found["decision"] = hashlib.sha256(decision.encode()).hexdigest()
    return found

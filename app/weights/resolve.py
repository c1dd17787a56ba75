"""Settings to files: which networks the service runs."""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.config import Settings
from app.config.weights import REPOSITORY
from app.errors import ModelCorrupt, ModelMissing
from app.nz.calibration import GENERIC, has_calibration
from app.vision.decision import GENERIC as GENERIC_DECISION
from app.weights.files import WeightFile
from app.weights.hub import Kind, hub_model

OWN_MODELS = REPOSITORY / "models"
MANIFEST = "manifest.json"
DETECTOR_ALONE = "detector"
"""What ALPR_DECISION says where nothing but the detector's score decides."""

_REMEDY = (
    "Run `python -m app models fetch` and set ALPR_DETECTOR_MODEL and ALPR_OCR_MODEL, "
    "or set ALPR_DETECTOR_PATH, ALPR_OCR_PATH and ALPR_OCR_CONFIG_PATH to files you have."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Network:
    """One network in use; `config` and `calibration` are the plate config of an OCR and the name or
    file of what says how sure its readings are."""

    name: str
    source: Literal["path", "hub", "own"]
    path: Path
    config: Path | None = None
    calibration: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """The pair of networks in use.

    `decision` is the name or file of what judges the boxes that they read, None where the detector
    decides alone.
    """

    detector: Network
    ocr: Network
    decision: str | None = None


def resolve_weights(settings: Settings, own_models: Path = OWN_MODELS) -> Weights:
    """Find both networks: explicit path, then hub name, then the project's own.

    Hub and own files are verified by checksum; explicit paths are the operator's own choice.

    Raises:
        ModelMissing: a file is not there; the message says what to run or set.
        ModelCorrupt: a file is there, but is not the published one.
    """
    detector, ocr = _detector(settings, own_models), _ocr(settings, own_models)
    return Weights(detector, ocr, _decision(settings, detector, ocr, own_models))


def _decision(settings: Settings, detector: Network, ocr: Network, own_models: Path) -> str | None:
    """That of the settings, else that of the own pair, else for pairs with the hub's the generic.

    Files named by path may be networks that score in any way: there it is to be asked for.
    """
    if settings.decision is not None:
        return None if settings.decision == DETECTOR_ALONE else settings.decision
    sources = {detector.source, ocr.source}
    if sources == {"own"}:
        return _own_decision(own_models)
    return None if "path" in sources else GENERIC_DECISION


def _detector(settings: Settings, own_models: Path) -> Network:
    if settings.detector_path is not None:
        path = _existing(settings.detector_path, "ALPR_DETECTOR_PATH")
        return Network(path.stem, "path", path)
    if settings.detector_model is not None:
        return _hub(settings.detector_model, "detector", settings.model_dir)
    return _own("detector", own_models)


def _ocr(settings: Settings, own_models: Path) -> Network:
    network = _ocr_files(settings, own_models)
    if settings.calibration is not None:
        return replace(network, calibration=settings.calibration)
    if network.calibration is not None:
        return network
    measured = next((n for n in (network.name, network.path.stem) if has_calibration(n)), None)
    if measured is None:
        _log.warning(
            "No calibration is kept for the OCR %s: the generic one corrects little. "
            "Name one with ALPR_CALIBRATION.",
            network.name,
        )
    return replace(network, calibration=measured or GENERIC)


def _ocr_files(settings: Settings, own_models: Path) -> Network:
    if settings.ocr_path is not None and settings.ocr_config_path is not None:
        path = _existing(settings.ocr_path, "ALPR_OCR_PATH")
        config = _existing(settings.ocr_config_path, "ALPR_OCR_CONFIG_PATH")
        return Network(path.stem, "path", path, config)
    if settings.ocr_model is not None:
        return _hub(settings.ocr_model, "ocr", settings.model_dir)
    return _own("ocr", own_models)


def _existing(path: Path, variable: str) -> Path:
    if not path.is_file():
        raise ModelMissing(f"No model at {path}. Mend {variable}.")
    return path


def _hub(name: str, kind: Kind, directory: Path) -> Network:
    model = hub_model(name, kind)
    remedy = f"Run `python -m app models fetch {name}`."
    path, *config = (file.located(directory, remedy=remedy) for file in model.files)
    return Network(name, "hub", path, next(iter(config), None))


def _own(kind: Kind, directory: Path) -> Network:
    """The project's own weights, as their manifest has them."""
    manifest = directory / MANIFEST
    if not manifest.is_file():
        raise ModelMissing(f"The project's own weights are not in {directory}. {_REMEDY}")
    try:
        entry = json.loads(manifest.read_text())[kind]
        files = [WeightFile(entry["file"], entry["sha256"], entry["size"])]
        if kind == "ocr":
            files.append(WeightFile(entry["config_file"], entry["config_sha256"]))
        name = str(entry["name"])
        calibration = entry.get("calibration")
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise _no_manifest(manifest, error) from error
    located = [file.located(directory, remedy=_REMEDY) for file in files]
    return Network(name, "own", located[0], next(iter(located[1:]), None), calibration)


def _own_decision(directory: Path) -> str | None:
    """That of the manifest, which may have none."""
    manifest = directory / MANIFEST
    try:
        entry = json.loads(manifest.read_text()).get("decision")
        if entry is None:
            return None
        file = WeightFile(entry["file"], entry["sha256"], entry["size"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise _no_manifest(manifest, error) from error
    return str(file.located(directory, remedy=_REMEDY))


def _no_manifest(manifest: Path, error: Exception) -> ModelCorrupt:
    return ModelCorrupt(f"{manifest} is not a manifest of weights: {error!r}")

"""The networks of fast-alpr's hub that the service knows.

Addresses are those of open-image-models and fast-plate-ocr. Checksums: the detector and MobileViT
from the manifests other projects publish for these files, CCT and the configs computed from the
files themselves. A size that is not known is checked through the checksum.
"""

from dataclasses import dataclass
from typing import Literal

from fast_plate_ocr.inference.hub import AVAILABLE_ONNX_MODELS, OcrModel
from open_image_models.detection.core.hub import DETECTION_MODELS, DetectionModelName

from app.errors import ModelMissing
from app.weights.files import WeightFile

Kind = Literal["detector", "ocr"]


@dataclass(frozen=True, slots=True)
class HubModel:
    """A network and, for an OCR, its plate config."""

    name: str
    kind: Kind
    network: WeightFile
    config: WeightFile | None = None

    @property
    def files(self) -> tuple[WeightFile, ...]:
        return (self.network,) if self.config is None else (self.network, self.config)


def _file(url: str, sha256: str, size: int | None) -> WeightFile:
    return WeightFile(url.rsplit("/", 1)[-1], sha256, size, url)


def _detector(name: DetectionModelName, sha256: str, size: int | None = None) -> HubModel:
    return HubModel(name, "detector", _file(DETECTION_MODELS[name].url, sha256, size))


def _ocr(
    name: OcrModel, sha256: str, config_sha256: str, *, size: int | None = None, config_size: int
) -> HubModel:
    network_url, config_url = AVAILABLE_ONNX_MODELS[name]
    return HubModel(
        name,
        "ocr",
        _file(network_url, sha256, size),
        _file(config_url, config_sha256, config_size),
    )


_MODELS = (
    _detector(
        "yolo-v9-t-384-license-plate-end2end",
        "888397b96d761c89db40bc9c305838e8652660f5e282c2cadebbe8d2951a77a8",
    ),
    _ocr(
        "global-plates-mobile-vit-v2-model",
        "e2fe5946c02e73901f73d21b3b7223a0c3e3b02059d4964fbf279b01af38d63c",
        "202b90f2a1f3a0d486b8f1fbd5cdc2f19f4f4881a094f086b983976ed3108aaf",
        config_size=507,
    ),
    _ocr(
        "cct-xs-v2-global-model",
        "8031afb5fdc6b4d80462c9d542f1284ebd2cfddf5dbacd62609848d7e2855f44",
        "0335c74a305173bb6f393efed0fde03cadeaa0b649ed8e19f431016d8232d0a6",
        size=3_344_292,
        config_size=1_725,
    ),
    _ocr(
        "cct-xs-v1-global-model",
        "c1ae2ae031b10f8ab7ed6e3cdaf8d9c753477e299dbad3579c8f705a7d882134",
        "8ade332ef026520a3360a7c154cc10be664bee25482f3997bce34a7007b4786e",
        size=2_113_942,
        config_size=773,
    ),
)
HUB_MODELS = {model.name: model for model in _MODELS}
"""By hub name."""
DEFAULT_PAIR = ("yolo-v9-t-384-license-plate-end2end", "global-plates-mobile-vit-v2-model")
"""Detector and OCR the service was designed around."""


def hub_model(name: str, kind: Kind | None = None) -> HubModel:
    """Look a network up by its hub name. Raises ModelMissing with the names there are."""
    known = {key: model for key, model in HUB_MODELS.items() if kind in (None, model.kind)}
    if name not in known:
        raise ModelMissing(f"No {kind or 'model'} named {name}. Known: {', '.join(known)}.")
    return known[name]

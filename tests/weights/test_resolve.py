"""Explicit path, then hub name, then the project's own."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.errors import ModelCorrupt, ModelMissing
from app.nz.calibration import load_calibration
from app.weights import hub
from app.weights.files import WeightFile
from app.weights.resolve import MANIFEST, OWN_MODELS, resolve_weights

DETECTOR = "yolo-v9-t-384-license-plate-end2end"
OCR = "global-plates-mobile-vit-v2-model"


def weight_file(path: Path, content: bytes) -> WeightFile:
    path.write_bytes(content)
    return WeightFile(path.name, hashlib.sha256(content).hexdigest(), len(content))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name weights in all three ways, each with files that are there."""
    explicit, fetched, own = (tmp_path / name for name in ("explicit", "hub", "own"))
    for directory in (explicit, fetched, own):
        directory.mkdir()
    for name in ("d.onnx", "o.onnx", "o.yaml"):
        (explicit / name).write_bytes(b"explicit")
    models = {
        DETECTOR: dataclasses.replace(
            hub.HUB_MODELS[DETECTOR], network=weight_file(fetched / "hd.onnx", b"hub detector")
        ),
        OCR: dataclasses.replace(
            hub.HUB_MODELS[OCR],
            network=weight_file(fetched / "ho.onnx", b"hub ocr"),
            config=weight_file(fetched / "ho.yaml", b"hub config"),
        ),
    }
    monkeypatch.setattr(hub, "HUB_MODELS", models)
    write_manifest(own)
    return Settings().model_copy(
        update={
            "detector_path": explicit / "d.onnx",
            "ocr_path": explicit / "o.onnx",
            "ocr_config_path": explicit / "o.yaml",
            "detector_model": DETECTOR,
            "ocr_model": OCR,
            "model_dir": fetched,
        }
    )


def write_manifest(directory: Path, **changes: Any) -> None:
    network, config = b"own network", b"own config"
    for name in ("own-d.onnx", "own-o.onnx"):
        (directory / name).write_bytes(network)
    (directory / "own-o.yaml").write_bytes(config)
    entry = {"sha256": hashlib.sha256(network).hexdigest(), "size": len(network)}
    manifest = {
        "detector": {"name": "own detector", "file": "own-d.onnx", **entry},
        "ocr": {
            **{"name": "own ocr", "file": "own-o.onnx", **entry, "config_file": "own-o.yaml"},
            "config_sha256": hashlib.sha256(config).hexdigest(),
        },
    }
    (directory / "manifest.json").write_text(json.dumps(manifest | changes))


def only(settings: Settings, *fields: str) -> Settings:
    sources = ("detector_path", "ocr_path", "ocr_config_path", "detector_model", "ocr_model")
    return settings.model_copy(update={name: None for name in sources if name not in fields})


def test_the_order(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    explicit = resolve_weights(settings, own)
    fetched = resolve_weights(only(settings, "detector_model", "ocr_model"), own)
    neither = resolve_weights(only(settings), own)
    mixed = resolve_weights(only(settings, "detector_path", "ocr_model"), own)
    assert [explicit.detector.source, explicit.ocr.source] == ["path", "path"]
    assert [fetched.detector.source, fetched.ocr.source] == ["hub", "hub"]
    assert [neither.detector.source, neither.ocr.source] == ["own", "own"]
    assert [mixed.detector.source, mixed.ocr.source] == ["path", "hub"]
    assert explicit.detector.name == "d"
    assert fetched.ocr.name == OCR
    assert neither.detector.name == "own detector"
    for weights, config in ((explicit, "o.yaml"), (fetched, "ho.yaml"), (neither, "own-o.yaml")):
        assert weights.ocr.config is not None
        assert weights.ocr.config.name == config


@pytest.mark.parametrize(
    ("file", "fields", "remedy"),
    [
        ("explicit/d.onnx", ("detector_path",), "Mend ALPR_DETECTOR_PATH"),
        ("explicit/o.onnx", ("ocr_path", "ocr_config_path"), "Mend ALPR_OCR_PATH"),
        ("explicit/o.yaml", ("ocr_path", "ocr_config_path"), "Mend ALPR_OCR_CONFIG_PATH"),
        ("hub/hd.onnx", ("detector_model",), f"python -m app models fetch {DETECTOR}"),
        ("hub/ho.onnx", ("ocr_model",), f"python -m app models fetch {OCR}"),
        ("hub/ho.yaml", ("ocr_model",), f"python -m app models fetch {OCR}"),
        ("own/manifest.json", (), "python -m app models fetch"),
        ("own/own-d.onnx", (), "python -m app models fetch"),
        ("own/own-o.yaml", (), "python -m app models fetch"),
    ],
)
def test_a_missing_file_says_what_to_do(
    settings: Settings, tmp_path: Path, file: str, fields: tuple[str, ...], remedy: str
) -> None:
    (tmp_path / file).unlink()
    with pytest.raises(ModelMissing, match=remedy):
        resolve_weights(only(settings, *fields), tmp_path / "own")


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        *(("hub/hd.onnx", ("detector_model",)), ("hub/ho.onnx", ("ocr_model",))),
        *(("hub/ho.yaml", ("ocr_model",)), ("own/own-d.onnx", ()), ("own/own-o.yaml", ())),
    ],
)
@pytest.mark.parametrize("content", [b"", b"x", b"hub detectoR", b"own networK"])
def test_a_damaged_file_is_refused(
    settings: Settings, tmp_path: Path, file: str, fields: tuple[str, ...], content: bytes
) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="python -m app models fetch"):
        resolve_weights(only(settings, *fields), tmp_path / "own")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"detector": null}', '{"detector": {"file": "a"}}']
)
def test_a_manifest_that_is_none(settings: Settings, tmp_path: Path, text: str) -> None:
    (tmp_path / "own" / "manifest.json").write_text(text)
    with pytest.raises(ModelCorrupt, match="not a manifest"):
        resolve_weights(only(settings), tmp_path / "own")


@pytest.mark.parametrize("fields", [{"detector_model": "nonsense"}, {"detector_model": OCR}])
def test_an_unknown_name_lists_the_known(
    settings: Settings, tmp_path: Path, fields: dict[str, str]
) -> None:
    changed = only(settings, "ocr_model").model_copy(update=fields)
    with pytest.raises(ModelMissing, match=f"Known: {DETECTOR}"):
        resolve_weights(changed, tmp_path / "own")


def test_the_hub_table_has_addresses_and_checksums() -> None:
    for model in hub.HUB_MODELS.values():
        for file in model.files:
            assert file.url is not None
            assert file.url.startswith("https://github.com/")
            assert len(file.sha256) == 64
        assert (model.config is not None) == (model.kind == "ocr")


def test_the_known_files_here_are_the_published_ones(shared: Path) -> None:
    for name in ("cct-xs-v2-global-model", "cct-xs-v1-global-model"):
        for file in hub.HUB_MODELS[name].files:
            assert file.is_intact(shared / "models" / file.name)


def test_the_calibration_is_named_and_not_guessed_in_silence(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "own"
    named = settings.model_copy(update={"calibration": "nz-mobile-vit-v2-ocr"})
    for source in (named, only(named, "ocr_model"), only(named)):
        assert resolve_weights(source, own).ocr.calibration == "nz-mobile-vit-v2-ocr"
    assert not caplog.records
    assert resolve_weights(settings, own).ocr.calibration == "generic"
    assert "ALPR_CALIBRATION" in caplog.text
    entry = json.loads((own / "manifest.json").read_text())["ocr"]
    write_manifest(own, ocr={**entry, "calibration": "cct_xs_v2_global"})
    assert resolve_weights(only(settings), own).ocr.calibration == "cct_xs_v2_global"


def test_the_released_manifest_names_a_calibration_that_is_there() -> None:
    manifest = json.loads((OWN_MODELS / MANIFEST).read_text())
    assert load_calibration(manifest["ocr"]["calibration"]).ocr == manifest["ocr"]["name"]

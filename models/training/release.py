"""Put a run's exported weights under `models/`, checked, with their curves and the manifest:
`python -m models.training.release --detector RUN --ocr RUN`.
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from app.vision.decision import PlateDecision
from models.training.common.progress import plot
from models.training.common.slots import ALPHABET, HEIGHT, SLOTS, WIDTH
from models.training.detector import train as detector
from models.training.reader import train as reader

MODELS = Path(__file__).resolve().parents[1]
DECISION = "nz-plate-decision"
DETECTOR = "nz-yolo-v9-t-384-end2end"
OCR = "nz-mobile-vit-v2-ocr"


def release_detector(run: Path, folder: Path) -> dict[str, Any]:
    """Copy the detector of a run and the run's curves; returns its entry of the manifest."""
    check_detector(run / "detector.onnx")
    target = folder / f"{DETECTOR}.onnx"
    shutil.copyfile(run / "detector.onnx", target)
    _curves(run, folder, "detector", detector.PANELS)
    return {"name": DETECTOR, **_described(target)}


def release_ocr(run: Path, folder: Path) -> dict[str, Any]:
    """Copy the reader, its config and its curves; returns its entry of the manifest."""
    check_ocr(run / "ocr.onnx")
    target = folder / f"{OCR}.onnx"
    config = target.with_suffix(".yaml")
    shutil.copyfile(run / "ocr.onnx", target)
    shutil.copyfile(run / "ocr.yaml", config)
    _curves(run, folder, "ocr", reader.PANELS)
    return {
        "name": OCR,
        "calibration": OCR,
        **_described(target),
        "config_file": config.name,
        "config_sha256": _sha256(config),
    }


def release_decision(source: Path, folder: Path) -> dict[str, Any]:
    """Copy what `app.lab.decision` fitted to the pair; returns its entry of the manifest.

    Raises ValueError where the file is none.
    """
    PlateDecision.from_json(source.read_text())
    target = folder / f"{DECISION}.json"
    shutil.copyfile(source, target)
    return _described(target)


def check_detector(path: Path) -> None:
    """Raise ValueError unless the file keeps the contract of an end2end detector at any batch."""
    images = np.random.default_rng(0).random((3, 3, 384, 384), np.float32)
    tables = _per_image(path, "images", images)
    together = _run(path, "images", images)
    if together.ndim != 2 or together.shape[1] != 7:
        raise ValueError(f"{path.name}: output0 is {together.shape}, not (m, 7)")
    for index, alone in enumerate(tables):
        rows = together[together[:, 0] == index]
        if rows.shape != alone.shape or not np.allclose(rows[:, 1:], alone[:, 1:], atol=1e-2):
            raise ValueError(f"{path.name}: image {index} differs alone and in a batch")


def check_ocr(path: Path) -> None:
    """Raise ValueError unless the file answers probabilities, the same at any batch."""
    crops = np.random.default_rng(0).integers(0, 256, (3, HEIGHT, WIDTH, 1)).astype(np.uint8)
    together = _run(path, "input", crops)
    if together.shape != (3, SLOTS, len(ALPHABET)):
        raise ValueError(f"{path.name}: plate is {together.shape}")
    if not np.allclose(together.sum(-1), 1, atol=1e-4):
        raise ValueError(f"{path.name}: slots do not sum to one")
    if not np.allclose(np.concatenate(_per_image(path, "input", crops)), together, atol=1e-4):
        raise ValueError(f"{path.name}: crops differ alone and in a batch")


def write_manifest(folder: Path, entries: dict[str, dict[str, Any]]) -> None:
    """Replace the given entries of the manifest and keep the others."""
    path = folder / "manifest.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **entries}, indent=2, sort_keys=True) + "\n")


def _run(path: Path, name: str, batch: NDArray[Any]) -> NDArray[np.float32]:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {name: batch})[0])


def _per_image(path: Path, name: str, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
    return [_run(path, name, batch[i : i + 1]) for i in range(len(batch))]


def _described(path: Path) -> dict[str, Any]:
    return {"file": path.name, "sha256": _sha256(path), "size": path.stat().st_size}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _curves(run: Path, folder: Path, name: str, panels: Mapping[str, tuple[str, ...]]) -> None:
    target = folder / "curves"
    target.mkdir(exist_ok=True)
    shutil.copyfile(run / "progress.csv", target / f"{name}.csv")
    plot(target / f"{name}.csv", target / f"{name}.png", panels)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Release trained weights.")
    parser.add_argument("--detector", type=Path, help="folder of a detector run")
    parser.add_argument("--ocr", type=Path, help="folder of a reader run")
    parser.add_argument(
        "--decision", type=Path, help="file that app.lab.decision fitted to the pair"
    )
    parser.add_argument("--models", type=Path, default=MODELS)
    args = parser.parse_args()
    entries = {}
    if args.detector:
        entries["detector"] = release_detector(args.detector, args.models)
    if args.ocr:
        entries["ocr"] = release_ocr(args.ocr, args.models)
    if args.decision:
        entries["decision"] = release_decision(args.decision, args.models)
    elif entries:
        print("The decision was fitted to the weights before: fit and release it again.")
    write_manifest(args.models, entries)
    for entry in entries.values():
        print(f"{entry['file']} {entry['size'] / 1e6:.2f} MB {entry['sha256']}")


if __name__ == "__main__":
    main()

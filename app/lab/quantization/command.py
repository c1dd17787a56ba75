"""What `quantize` does: make the versions, measure them, print."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.config import Settings
from app.errors import InvalidRequest
from app.lab.evaluation.conditions import condition_argument
from app.lab.evaluation.dataset import Photo, load_dataset
from app.lab.evaluation.run import cut
from app.lab.quantization.measuring import Version, measure_detectors, measure_recognizers
from app.lab.quantization.variants import make_dynamic, make_static
from app.vision.backends.sessions import open_session
from app.vision.detection.detector import PlateDetector
from app.vision.images.decode import decode_image
from app.vision.recognizer import PlateRecognizer, load_plate_config
from app.weights.resolve import Network, resolve_weights


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "DATASET is a labelled folder as for `evaluate`. Half of its photos calibrate, "
        "the other half measures."
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    parser.add_argument("out", type=Path, metavar="DIR", help="where the INT8 networks go")
    parser.add_argument(
        "--where", type=condition_argument, action="append", default=[], metavar="COLUMN=VALUE"
    )
    parser.add_argument(
        "--calibration", type=types.count, default=100, help="to calibrate on (default 100)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make, measure, print. Raises AlprError."""
    settings = Settings()
    weights = resolve_weights(settings)
    photos = load_dataset(arguments.dataset, arguments.where)
    calibrating, held_out = photos[::2][: arguments.calibration], photos[1::2]
    if not calibrating or not held_out:
        raise InvalidRequest(f"{arguments.dataset} has too few photos.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    detectors, recognizers = make_versions(
        weights.detector, weights.ocr, calibrating, arguments.out, settings.max_pixels
    )
    tables = {
        weights.detector.name: measure_detectors(
            detectors,
            held_out,
            min_confidence=settings.min_confidence,
            max_pixels=settings.max_pixels,
        ),
        weights.ocr.name: measure_recognizers(
            recognizers,
            load_plate_config(_config(weights.ocr)),
            held_out,
            max_pixels=settings.max_pixels,
        ),
    }
    console = Console()
    for name, versions in tables.items():
        console.print(_table(name, versions))
    console.print(f"Serve a version of the OCR with ALPR_CALIBRATION={weights.ocr.calibration}.")
    if arguments.json is not None:
        body = {name: [asdict(one) for one in versions] for name, versions in tables.items()}
        arguments.json.write_text(json.dumps(body, indent=1) + "\n")
    return 0


def make_versions(
    detector: Network, ocr: Network, photos: list[Photo], out: Path, max_pixels: int
) -> tuple[dict[str, Path], dict[str, Path]]:
    """Write the dynamic and static versions of both networks, calibrated on photos."""
    seeing = PlateDetector(open_session(detector.path, device="cpu", threads=1), min_confidence=0.0)
    config = load_plate_config(_config(ocr))
    recognizer = PlateRecognizer(open_session(ocr.path, device="cpu", threads=1), config)
    frames = [
        (photo, decode_image(photo.path.read_bytes(), max_pixels=max_pixels)) for photo in photos
    ]
    inputs: dict[Path, list[NDArray[Any]]] = {
        detector.path: [seeing.to_input(frame)[0] for _, frame in frames],
        ocr.path: [
            recognizer.to_input(np.ascontiguousarray(cut(frame, label.box)))[np.newaxis]
            for photo, frame in frames
            for label in photo.labels
            if label.box is not None
        ],
    }
    made: list[dict[str, Path]] = []
    for network in (detector.path, ocr.path):
        dynamic, static = (out / f"{network.stem}-{kind}.onnx" for kind in ("dynamic", "static"))
        make_dynamic(network, dynamic)
        make_static(network, inputs[network], static)
        made.append({"fp32": network, "int8 dynamic": dynamic, "int8 static": static})
    return made[0], made[1]


def _config(ocr: Network) -> Path:
    if ocr.config is None:
        raise InvalidRequest(f"The OCR {ocr.name} has no plate config.")
    return ocr.config


def _table(name: str, versions: list[Version]) -> Table:
    table = Table("version", "MB", "ms, one thread", "right", "agreement", "plates", title=name)
    for version in versions:
        table.add_row(
            version.name,
            f"{version.bytes / 1e6:.1f}",
            f"{version.milliseconds:.2f}",
            f"{version.right:.1%}",
            f"{version.agreement:.1%}",
            str(version.of),
        )
    return table

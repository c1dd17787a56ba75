"""Measure a released pair for its model card: `python -m models.training.check --photos DIR ...`.

Prints Markdown tables: detection and reading on photos with ground truth beside other weights,
and latency on one thread. Baselines are optional.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from app.config import Settings
from app.lab.synth.crops import draw_crop
from app.lab.synth.photo.overlay import overlay
from app.lab.synth.scenes.scene import draw_scene
from app.nz.calibration import GENERIC, Calibration, has_calibration, load_calibration
from app.nz.decoder import PlateDecoder
from app.nz.series import PERSONALISED
from app.vision.reader import DOUBTFUL, MARGIN
from app.vision.types import Box
from models.training.common.crops import Reader
from models.training.common.photos import LICENSED_SOURCES, Photo, read_photos
from models.training.common.slots import ALPHABET, PAD
from models.training.detector.evaluate import OnnxDetector, evaluate, match
from models.training.reader.evaluate import wilson

MODELS = Path(__file__).resolve().parents[1]
UNSEEN_SEED = 77_000_000
DETECTOR_THRESHOLD = 0.4  # fast-alpr's default

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Crops:
    """A named set of BGR crops with their texts; `nz` tells that the decoder may be applied.

    `wider` are the same plates with the margin of the service's second look, where there is one.
    """

    name: str
    images: list[Image]
    wider: list[Image]
    texts: list[str]
    nz: bool


def detector_sets(folder: Path) -> dict[str, list[Photo]]:
    """Photos on which detection is measured; none of them was trained on."""
    return {
        "val": read_photos(folder, split="val", sources=LICENSED_SOURCES),
        "openalpr-eu": read_photos(folder, split="test", sources=("openalpr-eu",)),
        "openalpr-us": read_photos(folder, split="test", sources=("openalpr-us",)),
        "india-mixed": read_photos(folder, sources=("india-mixed",)),
        "negatives (test)": read_photos(folder, split="test", sources=("negatives",)),
        "negatives (others)": read_photos(folder, split="train", sources=("negatives",)),
    }


def crop_sets(photos: Path, nz_real: Path | None, count: int) -> Iterator[Crops]:
    """Crops on which reading is measured: real ones, rendered ones, rendered ones on real cars."""
    for source in ("openalpr-eu", "openalpr-us"):
        yield real_crops(source, read_photos(photos, split="test", sources=(source,)), nz=False)
    if nz_real is not None:
        yield real_crops("nz_real", read_photos(nz_real), nz=True)
    test = read_photos(photos, split="test", sources=("openalpr-eu", "openalpr-us"))
    plates = [(photo, box) for photo in test for box in photo.boxes.tolist()]
    ordinary: tuple[list[Image], list[Image], list[str]] = ([], [], [])
    personal: tuple[list[Image], list[Image], list[str]] = ([], [], [])
    for i in range(count):
        rng = np.random.default_rng((UNSEEN_SEED, i))
        photo, box = plates[i % len(plates)]
        image, plate = overlay(rng, photo.image, tuple(box), mix="road", severity=None)
        target = personal if plate.format == PERSONALISED else ordinary
        for images, cropped in zip(target[:2], both_looks(image, plate.box), strict=True):
            images.append(cropped)
        target[2].append(plate.text)
    yield Crops("rendered over openalpr, series", *ordinary, nz=True)
    yield Crops("rendered over openalpr, personalised", *personal, nz=True)
    for severity in ("easy", "medium", "hard"):
        drawn = [
            draw_crop(np.random.default_rng((UNSEEN_SEED + 1, i)), severity, mix="road")
            for i in range(count // 4)
        ]
        images, texts = [image for image, _ in drawn], [plate.text for _, plate in drawn]
        yield Crops(f"rendered, {severity}", images, images, texts, nz=True)


def real_crops(name: str, photos: Sequence[Photo], *, nz: bool) -> Crops:
    """The labelled plates of known text, cut exactly at their boxes."""
    labelled = [
        (both_looks(photo.image, tuple(box)), text)
        for photo in photos
        for box, text in zip(photo.boxes.tolist(), photo.texts, strict=True)
        if text
    ]
    images, wider = ([looks[i] for looks, _ in labelled] for i in range(2))
    return Crops(name, images, wider, [text for _, text in labelled], nz=nz)


def both_looks(image: Image, box: tuple[float, float, float, float]) -> tuple[Image, Image]:
    """The crop at a box and the one with the margin of the service's second look."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(value) for value in box)
    tight = Box(x1, y1, x2, y2)
    first, second = (
        each.clipped(width, height).crop(image).copy() for each in (tight, tight.enlarged(*MARGIN))
    )
    return first, second


def detection_table(
    detectors: dict[str, OnnxDetector], sets: dict[str, list[Photo]]
) -> Iterator[str]:
    """Rows of detection metrics at IoU 0.5 and the default threshold."""
    yield "| photos | weights | plates | recall | precision | AP50 | photos with a false box |"
    yield "|---|---|---|---|---|---|---|"
    for name, photos in sets.items():
        for label, detector in detectors.items():
            m = evaluate(detector, photos, threshold=DETECTOR_THRESHOLD)
            low, high = wilson(round(m.recall * m.plates), m.plates) if m.plates else (0.0, 0.0)
            scores = (
                f"{m.recall:.3f} ({low:.3f}-{high:.3f}) | {m.precision:.3f} | {m.ap50:.3f}"
                if m.plates
                else "- | - | -"
            )
            yield f"| {name} | {label} | {m.plates} | {scores} | {m.false_photos} of {m.photos} |"


def recall_table(detectors: dict[str, OnnxDetector], photos: Sequence[Photo]) -> Iterator[str]:
    """Recall where not every plate of a photo is labelled, so that precision is unknown."""
    plates = sum(len(photo.boxes) for photo in photos)
    for label, detector in detectors.items():
        found = 0
        for photo in photos:
            boxes = detector(photo.image)
            found += int(match(photo.boxes, boxes[boxes[:, 4] >= DETECTOR_THRESHOLD]).sum())
        yield f"| nz_real | {label} | {plates} | {found / plates:.3f} ({found}) | - | - | - |"


def reading_table(
    readers: dict[str, Reader], calibrations: dict[str, Calibration], sets: Sequence[Crops]
) -> Iterator[str]:
    """Rows of raw and decoded plate accuracy with 95 % intervals."""
    yield "| crops | weights | n | raw | decoded |"
    yield "|---|---|---|---|---|"
    for crops in sets:
        for label, reader in readers.items():
            raw = share([text for text, _ in reader.read(crops.images)], crops.texts)
            decoded = "-"
            if crops.nz:
                decoded = share(decode(reader, calibrations[label], crops), crops.texts)
            yield f"| {crops.name} | {label} | {len(crops.texts)} | {raw} | {decoded} |"


def decode(reader: Reader, calibration: Calibration, crops: Crops) -> list[str]:
    """Plates as the service gives them with its default settings: from the wider crop where the
    first leaves doubt, raw where no correction is offered."""
    settings = Settings.model_fields
    decoder = PlateDecoder(
        ALPHABET,
        ALPHABET[PAD],
        threshold=settings["correction_threshold"].default,
        calibration=calibration,
    )
    said = []
    first, second = reader.probabilities(crops.images), reader.probabilities(crops.wider)
    for image, tight, wide in zip(crops.images, first, second, strict=True):
        doubtful = tight.max(axis=1).min() < DOUBTFUL
        small = image.shape[1] / image.shape[0] < settings["small_plate_aspect_ratio"].default
        raw = decoder.decode(tight, small_plate=small)
        reading = decoder.decode(wide, raw=raw.raw, small_plate=small) if doubtful else raw
        said.append(reading.corrected_plate or reading.raw)
    return said


def share(said: Sequence[str], texts: Sequence[str]) -> str:
    """Exactly read plates as a percentage with its interval, and the count of the others."""
    right = sum(a == b for a, b in zip(said, texts, strict=True))
    low, high = wilson(right, len(texts))
    return f"{right / len(texts):.1%} ({low:.1%}-{high:.1%}), {len(texts) - right} wrong"


def milliseconds(call: Callable[[], object], repeats: int = 80) -> float:
    """Median time of a call."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times[repeats // 8 :]) * 1000)


def latency_table(paths: Sequence[Path]) -> Iterator[str]:
    """Median inference time of each file, batch 1, one thread; detectors see a drawn vehicle."""
    yield "| file | ms, one thread |"
    yield "|---|---|"
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    for path in paths:
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        entry = session.get_inputs()[0]
        shape = [size if isinstance(size, int) else 1 for size in entry.shape]
        picture = np.zeros(shape, np.uint8) if "uint8" in entry.type else vehicle(shape[2])

        def infer(
            session: ort.InferenceSession = session,
            feed: dict[str, NDArray[np.generic]] = {entry.name: picture},  # noqa: B006
        ) -> object:
            return session.run(None, feed)

        yield f"| {path.name} | {milliseconds(infer):.2f} |"


def vehicle(size: int) -> NDArray[np.float32]:
    """A drawn vehicle with a plate as a detector's input, (1, 3, size, size)."""
    image, _ = draw_scene(np.random.default_rng(UNSEEN_SEED))
    squeezed = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    planes = squeezed[None, :, :, ::-1].transpose(0, 3, 1, 2)
    return np.asarray(np.ascontiguousarray(planes) / 255, np.float32)


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Measure a released pair for its model card.")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--nz-real", type=Path)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--other-detector", type=Path)
    parser.add_argument(
        "--other-ocr", type=Path, nargs=2, action="append", default=[], metavar=("ONNX", "YAML")
    )
    parser.add_argument("--crops", type=int, default=2000)
    return parser.parse_args()


def main() -> None:
    """Entry point."""
    args = parse()
    cv2.setNumThreads(1)
    manifest = json.loads((args.models / "manifest.json").read_text())
    own_detector = args.models / manifest["detector"]["file"]
    own_ocr = args.models / manifest["ocr"]["file"]
    detectors = {"own": OnnxDetector(own_detector)}
    readers = {"own": Reader(own_ocr, args.models / manifest["ocr"]["config_file"])}
    calibrations = {"own": load_calibration(manifest["ocr"]["calibration"])}
    if args.other_detector:
        detectors["teacher"] = OnnxDetector(args.other_detector)
    for model, config in args.other_ocr:
        readers[model.stem] = Reader(model, config)
        measured = has_calibration(model.stem)
        calibrations[model.stem] = load_calibration(model.stem if measured else GENERIC)
    tables = [detection_table(detectors, detector_sets(args.photos))]
    if args.nz_real:
        tables.append(recall_table(detectors, read_photos(args.nz_real)))
    tables.append(
        reading_table(readers, calibrations, list(crop_sets(args.photos, args.nz_real, args.crops)))
    )
    others = [path for path in (args.other_detector, *(m for m, _ in args.other_ocr)) if path]
    tables.append(latency_table([own_detector, own_ocr, *others]))
    for table in tables:
        for line in table:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()

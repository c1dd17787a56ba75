"""Real plates through the hub's OCR: corrections may only help, and leave other countries alone."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.nz.calibration import load_calibration
from app.nz.decoder import PlateDecoder, Reading
from app.nz.outcome import outcome
from app.vision.recognizer import PlateRecognizer, load_plate_config
from app.vision.sessions import open_session
from app.vision.types import Frame

OCR = "cct_xs_v2_global"
SMALL_BELOW = 2.1
MARGIN = (0.06, 0.12)
"""Shares of the box by which a crop is larger, across and down, as the reader wants it."""


@pytest.fixture(scope="module")
def recognizer(shared: Path) -> PlateRecognizer:
    models = shared / "models"
    return PlateRecognizer(
        open_session(models / f"{OCR}.onnx", device="cpu", threads=1),
        load_plate_config(models / f"{OCR}_plate_config.yaml"),
    )


def read_plates(
    recognizer: PlateRecognizer, photos: Path, rows: list[dict[str, str]]
) -> list[Reading]:
    calibration = load_calibration(OCR)
    decoder = PlateDecoder(
        recognizer.alphabet,
        recognizer.pad_char,
        threshold=calibration.threshold,
        calibration=calibration,
    )
    boxes = [tuple(float(row[key]) for key in ("x1", "y1", "x2", "y2")) for row in rows]
    crops = [_crop(photos / row["file"], *box) for row, box in zip(rows, boxes, strict=True)]
    return [
        decoder.decode(seen.probabilities, small_plate=x2 - x1 < SMALL_BELOW * (y2 - y1))
        for seen, (x1, y1, x2, y2) in zip(recognizer.read(crops), boxes, strict=True)
    ]


def _crop(path: Path, x1: float, y1: float, x2: float, y2: float) -> Frame:
    photo = cv2.imread(str(path))
    assert photo is not None
    right, down = MARGIN[0] * (x2 - x1), MARGIN[1] * (y2 - y1)
    top, left = max(0, int(y1 - down)), max(0, int(x1 - right))
    return np.asarray(photo[top : round(y2 + down), left : round(x2 + right)], np.uint8)


def labels(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_new_zealand_plates_are_read_no_worse(shared: Path, recognizer: PlateRecognizer) -> None:
    folder = shared / "data" / "nz_real"
    rows = [row for row in labels(folder / "labels.csv") if row["country"] == "NZ"]
    truths = [row["text"].replace(" ", "") for row in rows]
    result = outcome(truths, read_plates(recognizer, folder, rows))
    assert result.plates == 101
    assert result.lost == 0
    assert result.decoded_right >= result.raw_right


def test_foreign_plates_are_left_alone(shared: Path, recognizer: PlateRecognizer) -> None:
    folder = shared / "data" / "photos"
    rows = [
        row
        for row in labels(folder / "labels.csv")
        if row["source"].startswith("openalpr") and row["text"]
    ]
    readings = read_plates(recognizer, folder, rows)
    total, corrected = len(readings), sum(r.correction is not None for r in readings)
    assert total == 330
    assert corrected <= 0.02 * total

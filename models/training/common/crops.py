"""Crops of real plates for the reader: cut as a detector would, labelled by agreeing readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
import yaml
from numpy.typing import NDArray

from models.training.common.photos import Photo

Image = NDArray[np.uint8]
CHUNK = 32  # crops a run: attention maps of thousands at once take gigabytes
SURROUNDINGS = 0.25  # of the box, kept around a stored crop so that jitter has something to show


@dataclass(frozen=True, slots=True)
class RealCrop:
    """A plate with its surroundings: `image` (h, w, 3) uint8 BGR, `box` x1 y1 x2 y2 in it."""

    image: Image
    box: tuple[float, float, float, float]
    text: str


INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


class Reader:
    """A fast-plate-ocr ONNX file, on one thread."""

    def __init__(self, model: Path, config: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._config: dict[str, Any] = yaml.safe_load(config.read_text())

    def probabilities(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """(n, slots, characters) for BGR crops of any size."""
        size = (self._config["img_width"], self._config["img_height"])
        code = (
            cv2.COLOR_BGR2RGB
            if self._config.get("image_color_mode") == "rgb"
            else cv2.COLOR_BGR2GRAY
        )
        how = INTERPOLATIONS[self._config.get("interpolation", "linear")]
        stack = [cv2.resize(cv2.cvtColor(crop, code), size, interpolation=how) for crop in crops]
        batch = np.asarray(stack, np.uint8).reshape(len(crops), size[1], size[0], -1)
        tables = [
            np.asarray(self._session.run(None, {"input": batch[i : i + CHUNK]})[0], np.float32)
            for i in range(0, len(batch), CHUNK)
        ]
        return np.concatenate(tables).reshape(len(crops), self._config["max_plate_slots"], -1)

    def read(self, crops: Sequence[Image]) -> list[tuple[str, float]]:
        """Text and its least slot probability, for each crop."""
        if not crops:
            return []
        table = self.probabilities(crops)
        alphabet = np.array(list(self._config["alphabet"]))
        texts = ["".join(row) for row in alphabet[table.argmax(-1)]]
        least = table.max(-1).min(-1)
        pad = self._config["pad_char"]
        return [(t.rstrip(pad), float(p)) for t, p in zip(texts, least, strict=True)]


def cut(photo: Photo, index: int) -> RealCrop:
    """The plate `index` of a photo with its surroundings and the labelled text."""
    height, width = photo.image.shape[:2]
    x1, y1, x2, y2 = (float(v) for v in photo.boxes[index])
    dx, dy = SURROUNDINGS * (x2 - x1), SURROUNDINGS * (y2 - y1)
    left, top = int(max(0, x1 - dx)), int(max(0, y1 - dy))
    right, bottom = int(min(width, x2 + dx + 1)), int(min(height, y2 + dy + 1))
    return RealCrop(
        image=photo.image[top:bottom, left:right].copy(),
        box=(x1 - left, y1 - top, x2 - left, y2 - top),
        text=photo.texts[index],
    )


def exact(crop: RealCrop) -> Image:
    """The crop at its labelled box."""
    return _inside(crop.image, np.array(crop.box))


def jittered(crop: RealCrop, rng: np.random.Generator, spread: float = 0.04) -> Image:
    """The crop at a box whose sides are off by a normal share of its size, as a detector's are."""
    return _inside(crop.image, found_box(crop.box, rng, spread=spread))


def found_box(
    box: Sequence[float], rng: np.random.Generator, *, spread: float, outward: float = 0.0
) -> NDArray[np.float64]:
    """A box whose sides are off by normal shares of its size, on average `outward`."""
    x1, y1, x2, y2 = box
    sides = np.array([x2 - x1, y2 - y1, x2 - x1, y2 - y1])
    off = rng.normal(outward * np.array([-1, -1, 1, 1]), spread)
    return np.asarray(np.array(box) + off * sides, np.float64)


def _inside(image: Image, box: NDArray[np.float64]) -> Image:
    x1, y1, x2, y2 = crop_window(image, box)
    return image[y1:y2, x1:x2]


def crop_window(image: Image, box: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """The box in whole pixels, inside the image and at least 4 by 4."""
    height, width = image.shape[:2]
    x1, y1 = int(np.clip(box[0], 0, width - 4)), int(np.clip(box[1], 0, height - 4))
    x2, y2 = int(np.clip(box[2], x1 + 4, width)), int(np.clip(box[3], y1 + 4, height))
    return x1, y1, x2, y2


def agreed(
    photos: Sequence[Photo], readers: Sequence[Reader], *, least: float, slots: int
) -> list[RealCrop]:
    """Crops on which all readers give the same text, each slot with at least `least`."""
    crops = [cut(photo, i) for photo in photos for i in range(len(photo.boxes))]
    crops = [crop for crop in crops if min(exact(crop).shape[:2]) >= 8]
    readings = [reader.read([exact(crop) for crop in crops]) for reader in readers]
    return [
        RealCrop(crop.image, crop.box, said[0][0])
        for crop, said in zip(crops, zip(*readings, strict=True), strict=True)
        if len({text for text, _ in said}) == 1
        and min(sure for _, sure in said) >= least
        and 2 <= len(said[0][0]) <= slots
    ]


def weather(crop: Image, rng: np.random.Generator) -> Image:
    """Small turns, resolution loss, blur, light and noise for a crop that was photographed well."""
    height, width = crop.shape[:2]
    if rng.random() < 0.4:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 3), 1.0)
        turn[0, 1] += rng.normal(0, 0.06)
        crop = np.asarray(
            cv2.warpAffine(crop, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    if rng.random() < 0.4:
        shrink = np.exp(rng.uniform(np.log(0.35), 0)) if height > 20 else 1.0
        size = (max(20, round(width * shrink)), max(8, round(height * shrink)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.25:
        sigma = rng.uniform(0.3, 0.012 * crop.shape[1] + 0.4)
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)
    light = crop * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 20)
    if rng.random() < 0.3:
        light = light + rng.normal(0, rng.uniform(2, 15), crop.shape)
    return np.clip(light, 0, 255).astype(np.uint8)

"""Detection metrics of an "end2end" ONNX file on labelled photos, at IoU 0.5."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.training.common.photos import Photo
from models.training.detector.augment import PADDING

MATCH = 0.5


@dataclass(frozen=True, slots=True)
class DetectionMetrics:
    """`ap50` is the area under the interpolated precision-recall curve at IoU 0.5; recall and
    precision hold at the given threshold; `false_photos` counts photos with any false box."""

    photos: int
    plates: int
    ap50: float
    recall: float
    precision: float
    false_photos: int


class OnnxDetector:
    """Runs a detector file on whole photos, letterboxed as open-image-models does it."""

    def __init__(self, model: Path | bytes, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._size = int(self._session.get_inputs()[0].shape[2])

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`image` (h, w, 3) uint8 BGR to (n, 5) float32: x1, y1, x2, y2 in its pixels, score."""
        height, width = image.shape[:2]
        scale = self._size / max(height, width)
        small = cv2.resize(image, (round(width * scale), round(height * scale)))
        left, top = (self._size - small.shape[1]) // 2, (self._size - small.shape[0]) // 2
        canvas = np.full((self._size, self._size, 3), PADDING, np.uint8)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        blob = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        table = np.asarray(self._session.run(None, {"images": np.ascontiguousarray(blob)})[0])
        boxes = (table[:, 1:5] - np.array([left, top, left, top])) / scale
        return np.column_stack([boxes, table[:, 6]]).astype(np.float32)


def overlaps(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """IoU (n, m) of two sets of x1 y1 x2 y2 boxes."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def match(boxes: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which detections (n, 5), taken by falling score, hit a labelled box not yet taken."""
    hits = np.zeros(len(found), bool)
    if not len(boxes) or not len(found):
        return hits
    iou = overlaps(found[:, :4], boxes)
    free = np.ones(len(boxes), bool)
    for i in np.argsort(-found[:, 4], kind="stable"):
        best = int(np.argmax(np.where(free, iou[i], -1)))
        if free[best] and iou[i, best] >= MATCH:
            free[best], hits[i] = False, True
    return hits


def evaluate(
    detector: OnnxDetector, photos: Sequence[Photo], *, threshold: float = 0.4
) -> DetectionMetrics:
    """Metrics over the photos; `threshold` is fast-alpr's default for plates."""
    scores: list[float] = []
    hits: list[bool] = []
    false_photos = 0
    for photo, found in _run(detector, photos):
        matched = match(photo.boxes, found)
        scores.extend(found[:, 4].tolist())
        hits.extend(matched.tolist())
        false_photos += bool((~matched & (found[:, 4] >= threshold)).any())
    plates = sum(len(photo.boxes) for photo in photos)
    order = np.argsort(-np.asarray(scores), kind="stable")
    ranked = np.asarray(hits, bool)[order]
    shown = np.asarray(scores, float)[order] >= threshold
    true = int((ranked & shown).sum())
    return DetectionMetrics(
        photos=len(photos),
        plates=plates,
        ap50=average_precision(ranked, plates),
        recall=true / plates if plates else float("nan"),
        precision=true / max(1, int(shown.sum())),
        false_photos=false_photos,
    )


def average_precision(ranked: NDArray[np.bool_], plates: int) -> float:
    """Area under the precision envelope; `ranked` says which detections, best first, are hits."""
    if not plates:
        return float("nan")
    true = np.cumsum(ranked)
    precision = true / np.arange(1, len(ranked) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * ranked).sum() / plates)


def _run(
    detector: OnnxDetector, photos: Sequence[Photo]
) -> Iterator[tuple[Photo, NDArray[np.float32]]]:
    for photo in photos:
        yield photo, detector(photo.image)

"""YOLOv9 plate detector: frame to boxes."""

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime as ort
from fast_alpr.base import BaseDetector
from numpy.typing import NDArray
from open_image_models.detection.core.base import DetectionResult
from open_image_models.detection.core.yolo_v9.postprocess import convert_to_detection_result
from open_image_models.detection.core.yolo_v9.preprocess import letterbox

from app.errors import InferenceError, ModelCorrupt
from app.vision.types import Box, Detection, Frame

WIDE_BORDER = 16
"""Rows of padding that the lower input keeps around a wide frame."""
_LABELS = {0: "License Plate"}
# Division as the networks were trained with, once for each of the 256 values.
_UNIT = (np.arange(256) / 255.0).astype(np.float32)


class PlateDetector(BaseDetector):
    """An end-to-end YOLOv9 network of open-image-models' format.

    Input `images` (n, 3, size, size) float32, RGB in [0, 1]; output (m, 7): index in the batch,
    x1, y1, x2, y2, class, score, with non-maximum suppression inside. Boxes and scores are those of
    open-image-models on the same frame, to the bit; unlike there, a failed run raises.
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        *,
        min_confidence: float,
        wide: ort.InferenceSession | None = None,
    ) -> None:
        """Load nothing, but look at the network.

        Args:
            wide: the same network for frames so wide that they need less than its whole height,
                with an input that has less padding.

        Raises:
            ModelCorrupt: the network has another input or output.
        """
        shape = session.get_inputs()[0].shape
        outputs = session.get_outputs()
        if len(shape) != 4 or shape[2] != shape[3] or not isinstance(shape[2], int):
            raise ModelCorrupt(f"The detector takes {shape}, not (n, 3, size, size).")
        if len(outputs) != 1 or outputs[0].shape[-1] != 7:
            raise ModelCorrupt("The detector is not an end2end network with an (m, 7) output.")
        self.session = session
        self.size: int = shape[2]
        self.min_confidence = min_confidence
        self._input = session.get_inputs()[0].name
        self._wide = wide
        self._wide_height: int = 0 if wide is None else wide.get_inputs()[0].shape[2]

    def predict(self, frame: Frame) -> list[DetectionResult]:
        """Boxes in the types of fast-alpr, at the default threshold."""
        return self._run(frame, self.min_confidence)

    def detect(self, frame: Frame, min_confidence: float | None = None) -> Sequence[Detection]:
        """Boxes with at least that score, in pixels of the frame, not clipped to it.

        Raises:
            InferenceError: the network failed.
        """
        threshold = self.min_confidence if min_confidence is None else min_confidence
        return [
            Detection(
                Box(
                    found.bounding_box.x1,
                    found.bounding_box.y1,
                    found.bounding_box.x2,
                    found.bounding_box.y2,
                ),
                found.confidence,
            )
            for found in self._run(frame, threshold)
        ]

    def to_input(
        self, frame: Frame
    ) -> tuple[NDArray[np.float32], tuple[float, float], tuple[float, float]]:
        """What the network gets for a frame: tensor, scale and padding (left, top) in pixels."""
        height = self._wide_height if self._is_wide(frame) else self.size
        padded, ratio, padding = letterbox(frame, (height, self.size))
        return _to_tensor(padded), ratio, padding

    def _is_wide(self, frame: Frame) -> bool:
        """Whether the frame, as wide as the input, leaves a border in the lower input."""
        height, width = frame.shape[:2]
        return bool(height / width * self.size <= self._wide_height - WIDE_BORDER)

    def _run(self, frame: Frame, threshold: float) -> list[DetectionResult]:
        height, width = frame.shape[:2]
        if min(height, width) * self.size < max(height, width):
            return []  # a line: less than a pixel of it would reach the network
        tensor, ratio, padding = self.to_input(frame)
        session = self._wide if self._wide is not None and self._is_wide(frame) else self.session
        try:
            (output,) = session.run(None, {self._input: tensor})
        except Exception as error:  # the binding raises bare subclasses of it
            raise InferenceError("The detector failed.") from error
        found: list[DetectionResult] = convert_to_detection_result(
            output, _LABELS, ratio, padding, threshold
        )
        return found


def _to_tensor(frame: Frame) -> NDArray[np.float32]:
    """(h, w, 3) uint8 BGR to (1, 3, h, w) float32 RGB in [0, 1]."""
    tensor = np.empty((1, 3, *frame.shape[:2]), np.float32)
    for plane, channel in zip(tensor[0], reversed(cv2.split(frame)), strict=True):
        cv2.LUT(channel, _UNIT, dst=plane)
    return tensor

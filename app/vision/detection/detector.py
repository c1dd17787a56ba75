"""YOLOv9 plate detector: frame to boxes."""

from collections.abc import Sequence

import cv2
import numpy as np
from fast_alpr.base import BaseDetector
from numpy.typing import NDArray
from open_image_models.detection.core.base import DetectionResult
from open_image_models.detection.core.yolo_v9.postprocess import convert_to_detection_result
from open_image_models.detection.core.yolo_v9.preprocess import letterbox

from app.errors import InferenceError, ModelCorrupt
from app.vision.backends.sessions import Session
from app.vision.types import Box, Detection, Frame

BORDER = 1 / 20
"""Padding that a lower input keeps above and below a frame, as a share of its width: frames of 4:3
keep the square, in which one picture fewer of those without a plate was given one."""
STEP = 64
"""Lower inputs are lower by multiples of this: the frame then lies in the same cells of the
coarsest scale as in the square, and nearly the same is found."""
_LABELS = {0: "License Plate"}
# Division as the networks were trained with, once for each of the 256 values.
_UNIT = (np.arange(256) / 255.0).astype(np.float32)


def lower_heights(size: int) -> tuple[int, ...]:
    """Heights of the lower inputs of a square one, down to what a frame of 16:9 needs."""
    least = size * (9 / 16 + 2 * BORDER)
    return tuple(height for height in range(size - STEP, 0, -STEP) if height >= least)


class PlateDetector(BaseDetector):
    """An end-to-end YOLOv9 network of open-image-models' format.

    Input `images` (n, 3, size, size) float32, RGB in [0, 1]; output (m, 7): index in the batch,
    x1, y1, x2, y2, class, score, with non-maximum suppression inside. Boxes and scores are those of
    open-image-models on the same frame, to the bit; unlike there, a failed run raises.
    """

    def __init__(
        self,
        session: Session,
        *,
        min_confidence: float,
        lower: Sequence[Session] = (),
    ) -> None:
        """Load nothing, but look at the network.

        Args:
            lower: the same network with inputs of less height, for frames that do not need all of
                it, so that it has less padding to look at.

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
        heights = [(int(each.get_inputs()[0].shape[2]), each) for each in lower]
        self.lower = sorted(heights, key=lambda pair: pair[0])

    def predict(self, frame: Frame) -> list[DetectionResult]:
        """Boxes in the types of fast-alpr, at the default threshold."""
        return self._run(frame, self.min_confidence)

    def detect(
        self, frame: Frame, min_confidence: float | None = None, *, tight: bool = False
    ) -> Sequence[Detection]:
        """Boxes with at least that score, in pixels of the frame, not clipped to it.

        Args:
            tight: take an input with less padding if there is one; scores and boxes may then
                differ a little from those of open-image-models.

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
            for found in self._run(frame, threshold, tight=tight)
        ]

    def to_input(
        self, frame: Frame, height: int | None = None
    ) -> tuple[NDArray[np.float32], tuple[float, float], tuple[float, float]]:
        """What the network gets for a frame: tensor, scale and padding (left, top) in pixels."""
        padded, ratio, padding = letterbox(frame, (height or self.size, self.size))
        return _to_tensor(padded), ratio, padding

    def _session_for(self, frame: Frame, *, tight: bool) -> tuple[int, Session]:
        """The input's height and the network, the lowest that leaves a border if it is `tight`."""
        height, width = frame.shape[:2]
        if tight and width > height:
            for lower, session in self.lower:
                if height / width * self.size <= lower - 2 * BORDER * self.size:
                    return lower, session
        return self.size, self.session

    def _run(self, frame: Frame, threshold: float, *, tight: bool = False) -> list[DetectionResult]:
        height, width = frame.shape[:2]
        if min(height, width) * self.size < max(height, width):
            return []  # a line: less than a pixel of it would reach the network
        input_height, session = self._session_for(frame, tight=tight)
        tensor, ratio, padding = self.to_input(frame, input_height)
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

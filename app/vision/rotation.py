"""Cameras that are mounted sideways or upside down."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import cv2
import numpy as np

from app.nz.series import PERSONALISED
from app.vision.reader import CONVINCING
from app.vision.types import Box, Frame, FrameResult

Rotate = Literal["0", "90", "180", "270", "auto"]
"""Degrees that a picture is turned clockwise before it is read; `auto` finds them out."""

QUARTERS: Final = (0, 90, 180, 270)

_CODES: Mapping[int, int] = MappingProxyType(
    {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A clockwise turn of frames that are (height, width) before it, by 0, 90, 180 or 270."""

    degrees: int
    width: int
    height: int

    def frame(self, frame: Frame) -> Frame:
        """The frame after the turn; the same one where there is none."""
        if self.degrees == 0:
            return frame
        return cv2.rotate(frame, _CODES[self.degrees]).astype(np.uint8, copy=False)

    def back(self, box: Box) -> Box:
        """A box of the turned frame in pixels of the frame before."""
        if self.degrees == 90:
            return Box(box.y1, self.height - box.x2, box.y2, self.height - box.x1)
        if self.degrees == 180:
            return Box(
                self.width - box.x2,
                self.height - box.y2,
                self.width - box.x1,
                self.height - box.y1,
            )
        if self.degrees == 270:
            return Box(self.width - box.y2, box.x1, self.width - box.y1, box.x2)
        return box


def turns(frame: Frame, rotate: Rotate) -> tuple[Turn, ...]:
    """The turns to look at: one, or for `auto` all four, as it came first."""
    height, width = frame.shape[:2]
    asked = QUARTERS if rotate == "auto" else (int(rotate),)
    return tuple(Turn(degrees, width, height) for degrees in asked)


def is_convincing(result: FrameResult) -> bool:
    """Whether a plate says by itself that it was read upright.

    Upside down, plates are read too, as texts that any personalised plate may have: only a sure
    reading of a series counts.
    """
    return any(
        plate.characters.confidence >= CONVINCING
        and plate.reading.validation.format not in (None, PERSONALISED)
        for plate in result.plates
    )


def likelihood_upright(result: FrameResult) -> tuple[bool, float]:
    """To be compared with that of the same frame turned otherwise."""
    surest = max((plate.characters.confidence for plate in result.plates), default=0.0)
    return is_convincing(result), surest

"""Which of the plates in a picture an answer is about."""

import math
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import cv2
import numpy as np

from app.vision.types import Box, Plate, Reason

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) as fractions of a picture's width and height, from its upper left corner."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a request wants to hear of; empty or 0 stands for everything.

    Plates in `masks` are left out. `min_height` is in pixels. `formats` are names of
    `app.nz.formats`.
    """

    region: Polygon = ()
    min_height: int = 0
    formats: frozenset[str] = frozenset()
    masks: tuple[Polygon, ...] = ()

    def fault(self, box: Box, *, plate_height: int, width: int, height: int) -> Reason | None:
        """Why a plate is not asked for, told from its place: before it is read.

        Args:
            box: in pixels of the picture, which is `width` x `height`.
            plate_height: of the plate as it is read, in a picture that was turned for that.
        """
        if self.region and not _inside(self.region, box, width, height):
            return "region"
        if any(_inside(mask, box, width, height) for mask in self.masks):
            return "mask"
        if plate_height < self.min_height:
            return "min_height"
        return None

    def reduced(self, scale: int) -> "Selection":
        """The same in a frame that is 1/`scale` of the picture."""
        return replace(self, min_height=math.ceil(self.min_height / scale))

    def wants(self, plate: Plate) -> bool:
        """Whether a plate is of a format that is asked for: as corrected, else as read.

        What format a plate is of that is cut, nobody knows.
        """
        if not self.formats:
            return True
        correction, validation = plate.reading.correction, plate.reading.validation
        format_ = validation.format if correction is None else correction.format
        return format_ in self.formats and not plate.cut


EVERYTHING: Final = Selection()


def _inside(region: Polygon, box: Box, width: int, height: int) -> bool:
    """Whether the box's centre lies in the region or on its border."""
    centre = (box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height
    return cv2.pointPolygonTest(np.array(region, np.float32), centre, measureDist=False) >= 0

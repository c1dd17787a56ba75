"""What the renderer hands out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.lab.synth.plates.design import PlateSpec

Image = NDArray[np.uint8]
"""(h, w, 3) uint8, BGR."""
Mask = NDArray[np.uint8]
"""(h, w) uint8, 255 inside."""
Quad = NDArray[np.float32]
"""(4, 2) float32: corners in pixels, clockwise from the top left of the plate."""

Severity = Literal["easy", "medium", "hard"]


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the serial and its box in pixels of the picture it belongs to."""

    text: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class PlateImage:
    """A clean plate seen from the front, with its frame if it has one.

    `alpha` is where the plate or its frame is, `ink` where the serial is, both 0..255. `quad` are
    the corners of the plate without its frame. `scale` is in pixels a millimetre.
    """

    image: Image
    alpha: Mask
    ink: Mask
    quad: Quad
    characters: tuple[Character, ...]
    spec: PlateSpec
    scale: float


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """What is known of a plate in a picture.

    `severity` is in 0..1, `conditions` name what made it hard. `rows` of characters are one or
    two; `angle` is that of the view from the plate's normal, in degrees. `box` is x1, y1, x2, y2 of
    the plate without its frame, in pixels of the picture and not clipped to it. `readable` tells
    that every character is tall, sharp, uncovered and contrasted enough to be told by eye.
    """

    text: str
    format: str
    scheme: str
    conditions: tuple[str, ...]
    severity: float
    level: Severity
    rows: int
    angle: float
    box: tuple[float, float, float, float]
    quad: Quad
    character_height: float
    readable: bool

"""Plates in the stroke fonts of OpenCV: shapes of letters that no plate maker's die has, so that
the reader does not lean on the dies of the renderer alone."""

from itertools import pairwise

import cv2
import numpy as np

from app.lab.synth.plates.serials import draw_format, draw_serial
from models.training.common.crops import weather
from models.training.common.slots import SLOTS
from models.training.drawing.rendered import RenderedCrop

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


def lettered_crop(rng: np.random.Generator) -> RenderedCrop:
    """A crop of a flat plate with a serial of the training mix."""
    text = draw_serial(rng, draw_format(rng, "training"), max_length=SLOTS)
    font = FONTS[int(rng.integers(len(FONTS)))]
    scale, thick = float(rng.uniform(0.9, 1.6)), int(rng.integers(1, 6))
    widths = [cv2.getTextSize(text[:end], font, scale, thick)[0][0] for end in range(len(text) + 1)]
    cap = cv2.getTextSize("H", font, scale, thick)[0][1]
    left, right = rng.uniform(0.1, 1.0, 2) * cap
    above, below = rng.uniform(0.15, 0.8, 2) * cap
    size = (round(above + cap + below), round(left + widths[-1] + right))
    dark, light = rng.uniform(0, 90, 3), rng.uniform(140, 255, 3)
    ground, ink = (light, dark) if rng.random() < 0.8 else (dark, light)
    image = np.empty((*size, 3), np.uint8)
    image[:] = ground
    origin = (round(left), round(above + cap))
    cv2.putText(image, text, origin, font, scale, ink.tolist(), thick, cv2.LINE_AA)
    rows = np.flatnonzero((image != image[0, 0]).any((1, 2)))
    middles = [(left + (a + b) / 2, rows.mean()) for a, b in pairwise(widths)]
    places = np.array(middles) / np.array([size[1], size[0]])
    return RenderedCrop(weather(image, rng), text, places.astype(np.float32))

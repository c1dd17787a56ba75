"""Marks on a picture (h, w, 3) uint8 BGR, made in place."""

import cv2
import numpy as np

from app.lab.synth.plates.design import Colour
from app.lab.synth.types import Image, Mask


def rounded_mask(
    height: int, width: int, box: tuple[float, float, float, float], radius: float
) -> Mask:
    """Mask of a rectangle with round corners."""
    mask = np.zeros((height, width), np.uint8)
    x0, y0, x1, y1 = box
    r = radius
    angles = np.linspace(0, np.pi / 2, 7)
    arcs = [
        np.stack([cx + r * np.cos(angles + turn), cy + r * np.sin(angles + turn)], 1)
        for cx, cy, turn in (
            (x1 - r, y1 - r, 0.0),
            (x0 + r, y1 - r, np.pi / 2),
            (x0 + r, y0 + r, np.pi),
            (x1 - r, y0 + r, 1.5 * np.pi),
        )
    ]
    points = np.round((np.concatenate(arcs) - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, 4)
    return mask


def fill(image: Image, mask: Mask, colour: Colour) -> None:
    """Blend a colour in where the mask is, in place."""
    share = (mask.astype(np.float32) / 255)[..., None]
    image[:] = (image * (1 - share) + np.array(colour, np.float32) * share + 0.5).astype(np.uint8)


def stamp(image: Image, mask: Mask, x: float, y: float, colour: Colour) -> None:
    """Print a mask at its top left corner, in place, cut where it leaves the picture."""
    left, top = max(0, round(x)), max(0, round(y))
    at = image[top : top + mask.shape[0], left : left + mask.shape[1]]
    if at.size:
        fill(at, mask[: at.shape[0], : at.shape[1]], colour)


def disc(image: Image, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    at = (round(centre[0] * 16), round(centre[1] * 16))
    cv2.circle(image, at, round(radius * 16), colour, -1, cv2.LINE_AA, 4)

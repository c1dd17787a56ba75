"""How a plate looks in a given photo, measured so that another one can be put in its place."""

from dataclasses import dataclass

import cv2
import numpy as np

from app.lab.synth.photo.texture import Field
from app.lab.synth.types import Image

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Appearance:
    """Light and sharpness of a plate in a photo.

    `white` = (level, slope along x, slope along y): grey level of the brightest ground at the
    middle of the box and its change to the box's right and lower side. `black` is the level of
    its ink, `tint` a gain of blue, green and red, `edge` the width of its sharpest edges as the
    standard deviation of a blur in pixels, `noise` in grey levels, `tilt` in degrees.
    """

    white: tuple[float, float, float]
    black: float
    tint: tuple[float, float, float]
    edge: float
    noise: float
    tilt: float


def measure(photo: Image, box: Box) -> Appearance:
    """Measure the plate in `box` (x1, y1, x2, y2 in pixels)."""
    x1, y1, x2, y2 = (round(v) for v in box)
    plate = photo[max(0, y1) : y2, max(0, x1) : x2]
    if min(plate.shape[:2]) < 4:
        raise ValueError(f"The box {box} holds no plate of at least 4 by 4 pixels.")
    height, width = plate.shape[:2]
    dy, dx = height // 10, width // 20
    inner = plate[dy : height - dy, dx : width - dx]
    grey = cv2.cvtColor(inner, cv2.COLOR_BGR2GRAY).astype(np.float32)
    level = _fit_white(grey)
    bright = inner[grey >= np.percentile(grey, 70)].astype(np.float32).mean(axis=0) + 1
    tint = np.clip(np.sqrt(bright / bright.mean()), 0.85, 1.15)
    black = min(float(np.percentile(grey, 4)), 0.5 * level[0])
    around = photo[max(0, y1 - height) : y2 + height, max(0, x1 - height) : x2 + height]
    return Appearance(
        white=level,
        black=black,
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        edge=edge_width(grey),
        noise=_noise(cv2.cvtColor(around, cv2.COLOR_BGR2GRAY).astype(np.float32)),
        tilt=_tilt(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32)),
    )


def edge_width(grey: Field) -> float:
    """Blur in pixels that the steepest edges show: a step of c has slope c / (2.51 sigma)."""
    step = float(np.percentile(grey, 95) - np.percentile(grey, 5))
    slopes = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)) / 8
    return float(np.clip(step / (2.51 * max(float(np.percentile(slopes, 98.5)), 0.5)), 0.3, 12))


def _fit_white(grey: Field) -> tuple[float, float, float]:
    """Plane through the local maxima: the ground between the characters."""
    reach = max(3, len(grey) // 2 | 1)
    highest = cv2.dilate(grey, np.ones((reach, reach), np.uint8))
    small = cv2.resize(highest, (16, 8), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[-1:1:8j, -1:1:16j]
    design = np.stack([np.ones(x.size), x.ravel(), y.ravel()], 1)
    (middle, along_x, along_y), *_ = np.linalg.lstsq(design, small.ravel(), rcond=None)
    middle = float(np.clip(middle, 35, 255))
    limit = 0.35 * middle
    return middle, float(np.clip(along_x, -limit, limit)), float(np.clip(along_y, -limit, limit))


def _noise(grey: Field) -> float:
    """Immerkaer's estimate (1996), by the median so that edges do not count."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(grey, -1, kernel))
    return float(np.clip(np.median(response) / (6 * 0.6745), 0, 25))


def _tilt(grey: Field) -> float:
    """Lean of the nearly level edges, weighted by their strength; 0 where they disagree."""
    gx = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    gy = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    lean = np.degrees(np.arctan(-gx / np.where(np.abs(gy) < 1e-3, 1e-3, gy)))
    weight = np.where(np.abs(lean) < 16, np.hypot(gx, gy), 0)
    if weight.sum() < 1e-3:
        return 0.0
    mean = float((lean * weight).sum() / weight.sum())
    spread = float(np.sqrt(((lean - mean) ** 2 * weight).sum() / weight.sum()))
    return mean if spread < 7 else mean * 0.5

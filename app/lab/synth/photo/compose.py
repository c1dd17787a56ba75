"""A plate warped into a picture, and what can still be read of it there."""

from dataclasses import dataclass

import cv2
import numpy as np

from app.lab.synth.photo.conditions import Conditions
from app.lab.synth.photo.geometry import Homography, bounds, character_quad, moved, transform
from app.lab.synth.photo.texture import Field
from app.lab.synth.types import Image, LabelledPlate, Mask, PlateImage, Quad

MIN_HEIGHT = 9.0
"""Shorter characters, in pixels, are not called readable."""
MIN_WIDTH = 4.5
"""The same for the width, but for 1 and I."""
MIN_CONTRAST = 22.0
"""Least difference between ink and ground, in grey levels."""
MAX_BLUR = 0.11
"""Standard deviation of blur, in heights of a character; a stroke is about as wide."""
MAX_COVERED = 0.18
"""Largest share of a character that may be hidden."""


@dataclass(frozen=True, slots=True)
class View:
    """The plate in the pixels of a picture: float32 colours 0..255 and masks 0..1."""

    colours: Field
    alpha: Field
    ink: Field
    covered: Field


def project(
    plate: PlateImage,
    covered: Mask,
    matrix: Homography,
    size: tuple[int, int],
    *,
    supersample: int,
) -> View:
    """Warp the plate to a picture of `size` (width, height), averaged over `supersample`² rays."""
    width, height = size
    centred = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    warp = centred @ moved(matrix, zoom=supersample) @ np.linalg.inv(centred)
    fine = (width * supersample, height * supersample)

    def onto(source: Image | Mask, border: int) -> Field:
        warped = cv2.warpPerspective(source, warp, fine, flags=cv2.INTER_LINEAR, borderMode=border)
        if supersample > 1:
            warped = cv2.resize(warped, size, interpolation=cv2.INTER_AREA)
        return np.asarray(warped, np.float32)

    share = np.float32(1 / 255)
    return View(
        colours=onto(plate.image, cv2.BORDER_REPLICATE),
        alpha=onto(plate.alpha, cv2.BORDER_CONSTANT) * share,
        ink=onto(plate.ink, cv2.BORDER_CONSTANT) * share,
        covered=onto(covered, cv2.BORDER_CONSTANT) * share,
    )


def over(background: Field, view: View) -> Field:
    """The plate laid over a background (h, w, 3) float32."""
    return np.asarray(background + (view.colours - background) * view.alpha[..., None], np.float32)


def label(
    plate: PlateImage,
    matrix: Homography,
    conditions: Conditions,
    picture: Image,
    view: View,
    *,
    offset: tuple[int, int] = (0, 0),
) -> LabelledPlate:
    """The truth about a plate that `matrix` put into `picture`, at `offset` in a larger one."""
    quad = transform(matrix, plate.quad)
    shift = np.array(offset, np.float32)
    x1, y1, x2, y2 = bounds(quad + shift)
    tags = conditions.tags()
    return LabelledPlate(
        text=plate.spec.text,
        format=plate.spec.format,
        scheme=plate.spec.scheme.name,
        conditions=tags,
        severity=conditions.severity,
        level=conditions.level,
        rows=plate.spec.layout.rows,
        angle=conditions.angle,
        box=(x1, y1, x2, y2),
        quad=quad + shift,
        character_height=conditions.character_height,
        readable=_is_readable(plate, matrix, conditions, picture, view),
    )


def _is_readable(
    plate: PlateImage, matrix: Homography, conditions: Conditions, picture: Image, view: View
) -> bool:
    if conditions.blur > MAX_BLUR:
        return False
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = grey.shape
    floor = max(MIN_CONTRAST, 2.0 * conditions.noise)
    for character in plate.characters:
        corners = transform(matrix, character_quad(character))
        narrow = character.text not in "1I" and _width(corners) < MIN_WIDTH
        if narrow or _height(corners) < MIN_HEIGHT:
            return False
        x1, y1, x2, y2 = bounds(corners)
        left, right = max(0, round(x1) - 1), min(width, round(x2) + 1)
        top, bottom = max(0, round(y1) - 1), min(height, round(y2) + 1)
        inside = max(right - left, 0) * max(bottom - top, 0)
        if inside < 0.9 * (x2 - x1) * (y2 - y1):
            return False
        window = np.s_[top:bottom, left:right]
        ink, levels = view.ink[window], grey[window]
        if view.covered[window].mean() > MAX_COVERED:
            return False
        light, dark = ink.sum(), (1 - ink).sum()
        contrast = (levels * ink).sum() / max(light, 1e-3) - (levels * (1 - ink)).sum() / max(
            dark, 1e-3
        )
        if abs(contrast) < floor:
            return False
    return True


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def _width(quad: Quad) -> float:
    return float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2

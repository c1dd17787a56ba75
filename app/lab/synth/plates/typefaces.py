"""Letters as masks: the drawn plate letters, and free fonts that stand in for other dies."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from app.lab.synth.plates.strokes import (
    ROUND_FORMS,
    SERIFED_FORMS,
    SKELETONS,
    SLASHES,
    draw_outline,
)

CAP: Final = 160
"""Height in pixels of every letter mask."""
FONTS: Final = Path(__file__).parent / "fonts"
CAPTION_FONTS: Final = ("LiberationSans-Bold.ttf", "RobotoCondensed-Bold.ttf", "RG2014E.ttf")
DIES: Final = (
    "OSP-DIN.ttf",
    "RobotoCondensed-Bold.ttf",
    "RG2014C.ttf",
    "RG2014D.ttf",
    "RG2014E.ttf",
    "LiberationSans-Bold.ttf",
    "routed-gothic.ttf",
    "routed-gothic-narrow.ttf",
    "allerta_medium.otf",
    "B612Mono-Bold.otf",
    "BebasNeue-Bold.otf",
    "Cabin-Bold.otf",
    "Dosis-Bold.otf",
    "NationalPark-Heavy.otf",
)
"""Fonts that stand in for the dies of plate makers anywhere."""

_RELATIVE_WIDTH: Final = {"I": 0.8, "1": 0.8, "J": 0.95, "M": 1.05, "W": 1.12}

Forms = Literal["plain", "round", "serifed"]
FORMS: Final[tuple[Forms, ...]] = ("plain", "round", "serifed")
Slash = Literal["none", "inside", "through"]
Mask = NDArray[np.uint8]


_FORM_SKELETONS: Final[Mapping[Forms, Mapping[str, str]]] = {
    "plain": {},
    "round": ROUND_FORMS,
    "serifed": SERIFED_FORMS,
}


@dataclass(frozen=True, slots=True)
class Typeface:
    """`font` is a file of `FONTS`, or "drawn" for the plate letters.

    `aspect` is the width of H over its height. The others but `slash` hold for the drawn letters:
    `pen` is the stroke over the height, `roundness` and `oval` shape the bowls (`draw_outline`).
    """

    font: str
    aspect: float
    pen: float = 0.0
    roundness: float = 1.0
    oval: float = 0.0
    forms: Forms = "plain"
    slash: Slash = "inside"


@lru_cache(maxsize=8192)
def letter(face: Typeface, character: str) -> Mask:
    """Mask (CAP, width) uint8 of one capital or digit; do not write to it."""
    mask = _drawn(face, character) if face.font == "drawn" else _typeset(face, character)
    mask.flags.writeable = False
    return mask


@lru_cache(maxsize=512)
def line_of_text(text: str, font: str, height: int) -> Mask:
    """Mask (height, width) uint8 of a line of small print; do not write to it."""
    drawn = _print(text, _load(font, height))
    box = np.flatnonzero(drawn.max(axis=1) > 16)
    mask = np.ascontiguousarray(drawn[box[0] : box[-1] + 1]) if len(box) else drawn
    mask.flags.writeable = False
    return mask


def _drawn(face: Typeface, character: str) -> Mask:
    skeleton = _FORM_SKELETONS[face.forms].get(character, SKELETONS[character])
    return draw_outline(
        skeleton,
        width=CAP * face.aspect * _RELATIVE_WIDTH.get(character, 1.0),
        height=CAP,
        pen=CAP * face.pen * (0.88 if character in "MW" else 1.0),
        roundness=face.roundness,
        oval=face.oval,
        slash=SLASHES[face.slash] if character == "0" and face.slash != "none" else "",
    )


def _typeset(face: Typeface, character: str) -> Mask:
    font = _load(face.font, CAP)
    reference = _trim(_print("H", font))
    glyph = _trim(_print(character, font))
    stretch = face.aspect * CAP / reference.shape[1]
    width = max(2, min(round(glyph.shape[1] * stretch), round(1.15 * face.aspect * CAP)))
    mask = cv2.resize(glyph, (width, CAP), interpolation=cv2.INTER_AREA)
    if character == "0" and face.slash != "none":
        reach = 0.0 if face.slash == "inside" else 0.06
        ends = np.array([[reach * -CAP, (0.86 + reach) * CAP], [width + reach * CAP, 0.12 * CAP]])
        start, end = np.round(ends * 16).astype(int).tolist()
        cv2.line(mask, start, end, (255,), max(2, round(0.1 * CAP)), cv2.LINE_AA, 4)
    return np.asarray(mask, np.uint8)


@lru_cache(maxsize=128)
def _load(font: str, cap_height: int) -> ImageFont.FreeTypeFont:
    """The font at the size that makes H `cap_height` pixels tall."""
    probe = ImageFont.truetype(str(FONTS / font), 200)
    _, top, _, bottom = probe.getbbox("H")
    return ImageFont.truetype(str(FONTS / font), max(4, round(200 * cap_height / (bottom - top))))


def _print(text: str, font: ImageFont.FreeTypeFont) -> Mask:
    left, top, right, bottom = font.getbbox(text)
    picture = Picture.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.array(picture, np.uint8)


def _trim(mask: Mask) -> Mask:
    rows = np.flatnonzero(mask.max(axis=1) > 64)
    columns = np.flatnonzero(mask.max(axis=0) > 64)
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

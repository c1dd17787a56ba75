"""From specification to a clean plate seen from the front."""

import math
from typing import Final

import cv2
import numpy as np

from app.lab.synth.design import Colour, PlateSpec, rows_of
from app.lab.synth.fittings import draw_bolts, draw_frame
from app.lab.synth.paint import fill, rounded_mask, stamp
from app.lab.synth.typefaces import CAP, letter, line_of_text
from app.lab.synth.types import Character, Image, Mask, PlateImage

_BAND: Final = 42.0
"""Width in mm of the coloured band at the left of European plates."""


def draw_plate(rng: np.random.Generator, spec: PlateSpec, *, scale: float = 2.0) -> PlateImage:
    """Draw a plate at `scale` pixels a millimetre, its frame around it if it has one."""
    layout, frame = spec.layout, spec.frame
    left = frame.side if frame else 0.0
    top = frame.top if frame else 0.0
    bottom = frame.bottom if frame else 0.0
    width = math.ceil((layout.width + 2 * left) * scale)
    height = math.ceil((layout.height + top + bottom) * scale)
    image = np.empty((height, width, 3), np.uint8)
    image[:] = frame.colour if frame else spec.scheme.ground
    x0, y0 = left * scale, top * scale
    x1, y1 = x0 + layout.width * scale, y0 + layout.height * scale
    corner = 10 * scale

    if frame:
        alpha = rounded_mask(height, width, (0, 0, width, height), 8 * scale)
        fill(image, rounded_mask(height, width, (x0, y0, x1, y1), corner), spec.scheme.ground)
    else:
        alpha = rounded_mask(height, width, (x0, y0, x1, y1), corner)
    if spec.scheme.border:
        _draw_border(image, (x0, y0, x1, y1), spec.scheme.ink, scale)
    if spec.band is not None:
        _draw_band(image, spec, spec.band, (x0, y0), scale)
    ink, characters = _draw_serial(image, spec, (x0, y0), scale)
    _emboss(image, ink, spec, scale)
    _draw_small_print(image, spec, (x0, y0), scale)
    draw_bolts(rng, image, spec, (x0, y0), scale)
    if frame:
        draw_frame(image, spec, frame, (x0, y0, x1, y1), scale)
    quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return PlateImage(image, alpha, ink, quad, characters, spec, scale)


def _draw_border(
    image: Image, box: tuple[float, float, float, float], ink: Colour, scale: float
) -> None:
    inset, line = 3.2 * scale, 2.6 * scale
    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    outer = rounded_mask(height, width, (x0 + inset, y0 + inset, x1 - inset, y1 - inset), 8 * scale)
    inset += line
    inner = rounded_mask(height, width, (x0 + inset, y0 + inset, x1 - inset, y1 - inset), 6 * scale)
    fill(image, cv2.subtract(outer, inner).astype(np.uint8, copy=False), ink)


def _draw_band(
    image: Image, spec: PlateSpec, colour: Colour, origin: tuple[float, float], scale: float
) -> None:
    x, y = origin
    height = spec.layout.height * scale
    corner, far = (round(x), round(y)), (round(x + _BAND * scale), round(y + height))
    cv2.rectangle(image, corner, far, colour, -1)
    if spec.band_text:
        line = line_of_text(spec.band_text, spec.caption_font, max(4, round(20 * scale)))
        left = x + (_BAND * scale - line.shape[1]) / 2
        stamp(image, line, left, y + 0.68 * height, (235, 238, 238))


def _draw_serial(
    image: Image, spec: PlateSpec, origin: tuple[float, float], scale: float
) -> tuple[Mask, tuple[Character, ...]]:
    """Stamp the serial in place; return its mask and the boxes of its characters."""
    layout = spec.layout
    ink = np.zeros(image.shape[:2], np.uint8)
    characters = []
    rows = rows_of(spec)
    lift = (4.0 if spec.caption_bottom else 0.0) - (4.0 if spec.caption_top else 0.0)
    cap = layout.cap * (0.86 if spec.caption_bottom or spec.caption_top else 1.0)
    spare = (layout.height - cap * len(rows)) / (len(rows) + 1)
    tall = max(4, round(cap * scale))
    band = _BAND if spec.band is not None else 0.0
    for number, row in enumerate(rows):
        gap = 0.5 * layout.pitch if spec.gap_after is not None and len(rows) == 1 else 0.0
        first = band + (layout.width - band - layout.pitch * len(row) - gap) / 2
        y = round(origin[1] + (spare * (number + 1) + cap * number - lift) * scale)
        for i, text in enumerate(row):
            glyph = letter(spec.face, text)
            room = layout.pitch * scale * (1.08 if text == "0" else 0.94)  # for a long slash
            wide = max(2, round(min(glyph.shape[1] * tall / CAP, room)))
            stamp = cv2.resize(glyph, (wide, tall), interpolation=cv2.INTER_AREA)
            after_gap = gap if spec.gap_after is not None and i >= spec.gap_after else 0.0
            centre = origin[0] + (first + after_gap + (i + 0.5) * layout.pitch) * scale
            x = round(centre - wide / 2)
            at = ink[max(y, 0) : y + tall, max(x, 0) : x + wide]
            np.maximum(at, stamp[: at.shape[0], : at.shape[1]], out=at)
            characters.append(Character(text, x, y, x + wide, y + tall))
    fill(image, ink, spec.scheme.ink)
    return ink, tuple(characters)


def _emboss(image: Image, ink: Mask, spec: PlateSpec, scale: float) -> None:
    """Light on the upper and shade on the lower flank of raised characters, in place."""
    shift = max(1, round(1.2 * scale))
    lit = np.zeros(ink.shape, np.int16)
    lit[shift:] = ink[shift:].astype(np.int16) - ink[:-shift]
    relief = (lit.astype(np.float32) * (0.16 * spec.emboss))[..., None]
    image[:] = np.clip(image + relief, 0, 255).astype(np.uint8)


def _draw_small_print(
    image: Image, spec: PlateSpec, origin: tuple[float, float], scale: float
) -> None:
    layout = spec.layout
    small = max(5, round(9 * scale))
    middle = origin[0] + layout.width / 2 * scale
    for text, y in ((spec.caption_top, 8.0), (spec.caption_bottom, layout.height - 17)):
        if text:
            line = line_of_text(text, spec.caption_font, small)
            stamp(image, line, middle - line.shape[1] / 2, origin[1] + y * scale, spec.scheme.ink)
    if spec.side_print:
        line = np.rot90(line_of_text(spec.side_print, spec.caption_font, round(16 * scale)))
        stamp(
            image,
            line,
            origin[0] + (layout.width - 26) * scale,
            origin[1] + (layout.height - 30) / 2 * scale,
            spec.scheme.ink,
        )

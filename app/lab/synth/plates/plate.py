"""From specification to a clean plate seen from the front."""

import math

import cv2
import numpy as np

from app.lab.synth.plates.design import BAND, CREST, Colour, PlateSpec, rows_of
from app.lab.synth.plates.fittings import draw_bolts, draw_frame
from app.lab.synth.plates.paint import disc, fill, rounded_mask, stamp
from app.lab.synth.plates.typefaces import CAP, letter, line_of_text
from app.lab.synth.types import Character, Image, Mask, PlateImage


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
    if spec.lower_ground is not None:
        _draw_wash(image, spec.scheme.ground, spec.lower_ground, (x0, y0, x1, y1))
    if spec.scheme.border:
        _draw_border(image, (x0, y0, x1, y1), spec.scheme.ink, scale)
    if spec.band is not None:
        _draw_band(image, spec, spec.band, (x0, y0), scale)
    elif spec.crest:
        _draw_crest(image, spec, (x0, y0), scale)
    ink, characters = _draw_serial(image, spec, (x0, y0), scale)
    _emboss(image, ink, spec, scale)
    _draw_small_print(image, spec, (x0, y0), scale)
    draw_bolts(rng, image, spec, (x0, y0), scale)
    if frame:
        draw_frame(image, spec, frame, (x0, y0, x1, y1), scale)
    quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return PlateImage(image, alpha, ink, quad, characters, spec, scale)


def _draw_wash(
    image: Image, upper: Colour, lower: Colour, box: tuple[float, float, float, float]
) -> None:
    """One colour that runs into another from the top of the box to its lower edge, in place."""
    left, top, right, bottom = (round(side) for side in box)
    ramp = np.linspace(0, 1, bottom - top)[:, None, None] ** 1.5
    colours = np.array(upper) + (np.array(lower) - np.array(upper)) * ramp
    image[top:bottom, left:right] = colours.astype(np.uint8)


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
    corner, far = (round(x), round(y)), (round(x + BAND * scale), round(y + height))
    cv2.rectangle(image, corner, far, colour, -1)
    if spec.band_text:
        line = line_of_text(spec.band_text, spec.caption_font, max(4, round(20 * scale)))
        left = x + (BAND * scale - line.shape[1]) / 2
        stamp(image, line, left, y + 0.68 * height, (235, 238, 238))


def _draw_crest(image: Image, spec: PlateSpec, origin: tuple[float, float], scale: float) -> None:
    """A small coat of arms, and the country's letters below it."""
    x, y = origin[0] + 0.55 * CREST * scale, origin[1] + 0.36 * spec.layout.height * scale
    half = 9 * scale
    shield = [(-half, -1.1 * half), (half, -1.1 * half), (half, 0.3 * half), (0, 1.5 * half)]
    shield.append((-half, 0.3 * half))
    points = np.round((np.array(shield) + np.array([x, y])) * 16).astype(np.int32)
    cv2.fillConvexPoly(image, points, (150, 80, 60), cv2.LINE_AA, 4)
    disc(image, (x, y - 0.3 * half), 0.6 * half, (60, 50, 190))
    if spec.band_text:
        line = line_of_text(spec.band_text, spec.caption_font, max(4, round(17 * scale)))
        low = origin[1] + 0.66 * spec.layout.height * scale
        stamp(image, line, x - line.shape[1] / 2, low, spec.scheme.ink)


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
    band, gap = spec.taken, spec.wider
    for number, row in enumerate(rows):
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
        if gap and spec.gap_after is not None:
            middle = first + (spec.gap_after * layout.pitch) + gap / 2
            at_mark = (origin[0] + middle * scale, y + tall / 2)
            _draw_mark(image, spec, at_mark, gap * scale, scale)
    fill(image, ink, spec.scheme.ink)
    return ink, tuple(characters)


def _draw_mark(
    image: Image, spec: PlateSpec, at: tuple[float, float], room: float, scale: float
) -> None:
    """What stands between two groups of characters; no character, so not of the serial."""
    if spec.mark == "dash":
        half, thick = min(0.36 * room, 16 * scale), max(1, round(min(0.28 * room, 10 * scale)))
        left, right = (round(at[0] - half), round(at[1])), (round(at[0] + half), round(at[1]))
        cv2.line(image, left, right, spec.scheme.ink, thick)
    elif spec.mark == "dot":
        disc(image, at, min(0.22 * room, 5 * scale), spec.scheme.ink)
    elif spec.mark == "seal":
        radius = min(0.42 * room, 17 * scale)
        for lift, colour in ((-1.3, (60, 110, 220)), (1.3, (90, 160, 90))):
            disc(image, (at[0], at[1] + lift * radius), radius, colour)
            disc(image, (at[0], at[1] + lift * radius), 0.5 * radius, (200, 205, 205))


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
    lower = layout.height - 17
    middle = origin[0] + layout.width / 2 * scale
    for text, y, size in (
        (spec.caption_top, 8.0, spec.caption_size),
        (spec.caption_bottom, lower, 9),
    ):
        if text:
            line = line_of_text(text, spec.caption_font, max(5, round(size * scale)))
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

"""From specification to a clean plate seen from the front."""

import math
from typing import Final

import cv2
import numpy as np

from app.synth.spec import Colour, Frame, PlateSpec, rows_of
from app.synth.typefaces import CAP, letter, line_of_text
from app.synth.types import Character, Image, Mask, PlateImage

_BAND: Final = 42.0
"""Width in mm of the coloured band at the left of European plates."""

_BOLTS: Final[dict[str, tuple[Colour, float]]] = {
    "zinc": ((150, 155, 158), 5.5),
    "black": ((30, 30, 30), 5.5),
    "rust": ((35, 60, 110), 5.0),
    "white": ((215, 218, 218), 5.5),
    "hole": ((20, 20, 20), 3.2),
}


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
        alpha = _rounded(height, width, (0, 0, width, height), 8 * scale)
        _fill(image, _rounded(height, width, (x0, y0, x1, y1), corner), spec.scheme.ground)
    else:
        alpha = _rounded(height, width, (x0, y0, x1, y1), corner)
    if spec.scheme.border:
        _draw_border(image, (x0, y0, x1, y1), spec.scheme.ink, scale)
    if spec.band is not None:
        _draw_band(image, spec, spec.band, (x0, y0), scale)
    ink, characters = _draw_serial(image, spec, (x0, y0), scale)
    _emboss(image, ink, spec, scale)
    _draw_small_print(image, spec, (x0, y0), scale)
    _draw_bolts(rng, image, spec, (x0, y0), scale)
    if frame:
        _draw_frame(image, spec, frame, (x0, y0, x1, y1), scale)
    quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return PlateImage(image, alpha, ink, quad, characters, spec, scale)


def _rounded(
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


def _fill(image: Image, mask: Mask, colour: Colour) -> None:
    """Blend a colour in where the mask is, in place."""
    share = (mask.astype(np.float32) / 255)[..., None]
    image[:] = (image * (1 - share) + np.array(colour, np.float32) * share + 0.5).astype(np.uint8)


def _draw_border(
    image: Image, box: tuple[float, float, float, float], ink: Colour, scale: float
) -> None:
    inset, line = 3.2 * scale, 2.6 * scale
    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    outer = _rounded(height, width, (x0 + inset, y0 + inset, x1 - inset, y1 - inset), 8 * scale)
    inset += line
    inner = _rounded(height, width, (x0 + inset, y0 + inset, x1 - inset, y1 - inset), 6 * scale)
    _fill(image, cv2.subtract(outer, inner).astype(np.uint8, copy=False), ink)


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
        _stamp(image, line, left, y + 0.68 * height, (235, 238, 238))


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
    _fill(image, ink, spec.scheme.ink)
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
            _stamp(image, line, middle - line.shape[1] / 2, origin[1] + y * scale, spec.scheme.ink)
    if spec.side_print:
        line = np.rot90(line_of_text(spec.side_print, spec.caption_font, round(16 * scale)))
        _stamp(
            image,
            line,
            origin[0] + (layout.width - 26) * scale,
            origin[1] + (layout.height - 30) / 2 * scale,
            spec.scheme.ink,
        )


def _stamp(image: Image, mask: Mask, x: float, y: float, colour: Colour) -> None:
    """Print a mask at its top left corner, in place, cut where it leaves the picture."""
    left, top = max(0, round(x)), max(0, round(y))
    at = image[top : top + mask.shape[0], left : left + mask.shape[1]]
    if at.size:
        _fill(at, mask[: at.shape[0], : at.shape[1]], colour)


def _draw_bolts(
    rng: np.random.Generator,
    image: Image,
    spec: PlateSpec,
    origin: tuple[float, float],
    scale: float,
) -> None:
    """Bolts at the usual holes, and the small holes in the corners that most plates show."""
    layout = spec.layout
    spread = float(rng.uniform(0.27, 0.32)) if layout.width > 300 else 0.25
    inset = float(rng.uniform(9, 13))
    places = [(0.5 - spread, inset), (0.5 + spread, inset)]
    places += [(x, layout.height - y) for x, y in places]
    if len(spec.bolts) == 2 and rng.random() < 0.5:
        for x, y in places[2:]:  # the lower holes, unused
            centre = (origin[0] + x * layout.width * scale, origin[1] + y * scale)
            _disc(image, centre, 2.2 * scale, (40, 40, 40))
    for kind, (x, y) in zip(spec.bolts, places, strict=False):
        colour, radius = _BOLTS[kind]
        centre = (origin[0] + x * layout.width * scale, origin[1] + y * scale)
        _disc(image, centre, radius * scale, colour)
        if kind == "rust":
            _disc(image, (centre[0], centre[1] + 4 * scale), 3 * scale, (70, 105, 150))
        elif kind != "hole":
            _disc(
                image,
                (centre[0] + 0.8 * scale, centre[1] + 0.8 * scale),
                2.2 * scale,
                _dimmed(colour),
            )
    if layout.width > 300 and rng.random() < 0.6:
        for x in (10.0, layout.width - 10):
            for y in (10.0, layout.height - 10):
                _disc(
                    image, (origin[0] + x * scale, origin[1] + y * scale), 1.7 * scale, (40, 40, 40)
                )


def _dimmed(colour: Colour) -> Colour:
    blue, green, red = colour
    return round(blue * 0.6), round(green * 0.6), round(red * 0.6)


def _disc(image: Image, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    at = (round(centre[0] * 16), round(centre[1] * 16))
    cv2.circle(image, at, round(radius * 16), colour, -1, cv2.LINE_AA, 4)


def _draw_frame(
    image: Image,
    spec: PlateSpec,
    frame: Frame,
    box: tuple[float, float, float, float],
    scale: float,
) -> None:
    """The frame laps over the edge of the plate by a few millimetres; strips carry the print."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box
    lap = frame.overlap * scale
    opening = _rounded(height, width, (x0 + lap, y0 + lap, x1 - lap, y1 - lap), 5 * scale)
    _fill(image, cv2.bitwise_not(opening).astype(np.uint8, copy=False), frame.colour)
    for text, centre, reach in (
        (frame.top_text, (y0 + lap) / 2, y0 + lap),
        (frame.bottom_text, (y1 - lap + height) / 2, height - y1 + lap),
    ):
        if not text or reach < 6 * scale:
            continue
        if frame.strip is not None:
            half = 0.36 * reach
            cv2.rectangle(
                image,
                (round(0.08 * width), round(centre - half)),
                (round(0.92 * width), round(centre + half)),
                frame.strip,
                -1,
            )
        line = line_of_text(text, spec.caption_font, max(4, round(0.5 * reach)))
        if line.shape[1] < 0.9 * width:
            _stamp(
                image,
                line,
                (width - line.shape[1]) / 2,
                centre - line.shape[0] / 2,
                frame.print_colour,
            )

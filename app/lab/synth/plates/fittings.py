"""What holds a plate: bolts, and the frame around it."""

from typing import Final

import cv2
import numpy as np

from app.lab.synth.plates.design import Colour, Frame, PlateSpec
from app.lab.synth.plates.paint import disc, fill, rounded_mask, stamp
from app.lab.synth.plates.typefaces import line_of_text
from app.lab.synth.types import Image

_BOLTS: Final[dict[str, tuple[Colour, float]]] = {
    "zinc": ((150, 155, 158), 5.5),
    "black": ((30, 30, 30), 5.5),
    "rust": ((35, 60, 110), 5.0),
    "white": ((215, 218, 218), 5.5),
    "hole": ((20, 20, 20), 3.2),
}


def draw_bolts(
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
            disc(image, centre, 2.2 * scale, (40, 40, 40))
    for kind, (x, y) in zip(spec.bolts, places, strict=False):
        colour, radius = _BOLTS[kind]
        centre = (origin[0] + x * layout.width * scale, origin[1] + y * scale)
        disc(image, centre, radius * scale, colour)
        if kind == "rust":
            disc(image, (centre[0], centre[1] + 4 * scale), 3 * scale, (70, 105, 150))
        elif kind != "hole":
            disc(
                image,
                (centre[0] + 0.8 * scale, centre[1] + 0.8 * scale),
                2.2 * scale,
                _dimmed(colour),
            )
    if layout.width > 300 and rng.random() < 0.6:
        for x in (10.0, layout.width - 10):
            for y in (10.0, layout.height - 10):
                disc(
                    image, (origin[0] + x * scale, origin[1] + y * scale), 1.7 * scale, (40, 40, 40)
                )


def _dimmed(colour: Colour) -> Colour:
    blue, green, red = colour
    return round(blue * 0.6), round(green * 0.6), round(red * 0.6)


def draw_frame(
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
    opening = rounded_mask(height, width, (x0 + lap, y0 + lap, x1 - lap, y1 - lap), 5 * scale)
    fill(image, cv2.bitwise_not(opening).astype(np.uint8, copy=False), frame.colour)
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
            stamp(
                image,
                line,
                (width - line.shape[1]) / 2,
                centre - line.shape[0] / 2,
                frame.print_colour,
            )

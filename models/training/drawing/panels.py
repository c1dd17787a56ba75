"""Panels, bare recesses and signs, seen from the front: they stand where plates do and are none."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.plates.typefaces import CAPTION_FONTS, line_of_text

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

WIDTH = 480  # px, of a panel as drawn
SERIFED_FONT = "LiberationSerif-Bold.ttf"
SERIFED_SHARE = 0.5  # of the panels and signs
DARK: tuple[Colour, ...] = ((20, 20, 20), (60, 40, 20), (30, 25, 120), (50, 70, 30), (45, 45, 48))
SIGN: tuple[Colour, ...] = ((150, 90, 20), (70, 110, 20), (40, 30, 180), (30, 130, 240))
WORDS = """
    Motors Auto Cars City North South Value Prime Drive Coast Harbour Valley Group Dealer
    Yard European Imports Sales Service Central Wholesale Vehicles River Hill Island Pacific
    Village Open Parking Only Private Entry Exit Street Road Avenue Keep Left Clear Centre
    Track Alpine Walk Cafe Station Hospital Beach Museum Finance Tyres Rentals Caution
    Reserved Staff Visitors
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """`image` (h, w, 3) uint8 BGR and `alpha` (h, w) uint8."""

    image: Image
    alpha: Image


def draw_panel(rng: np.random.Generator, aspect: float) -> Panel:
    """A dealer's panel or an empty, dark holder of this width over height."""
    ground, ink = _colours(rng, DARK)
    chance = rng.random()
    lines: list[str] = []
    if chance < 0.75:
        lines = words(rng, int(rng.integers(2, 4)) if rng.random() < 0.75 else 1)
    return _draw(rng, aspect, ground, ink, lines, bolts=rng.random() < 0.5, ring=chance > 0.92)


def draw_recess(rng: np.random.Generator, aspect: float, colour: Colour) -> Panel:
    """The bare place of a plate, in about the vehicle's colour but never as light as plates are."""
    shade = min(float(rng.uniform(0.5, 1.1)), 3 * 120 / max(1, sum(colour)))
    height = max(24, round(WIDTH / aspect))
    top, bottom = rng.uniform(0.85, 1.15, 2).tolist()
    ramp = np.linspace(top, bottom, height)[:, None, None]
    image = np.asarray((ramp * np.array(colour) * shade).clip(0, 255), np.uint8)
    image = np.repeat(image, WIDTH, axis=1)
    dark = (0.4 * image[height // 2, 0]).tolist()
    if rng.random() < 0.5:
        cv2.rectangle(image, (0, 0), (WIDTH, height), dark, height // 12)
    if rng.random() < 0.5:
        for x in (0.22, 0.78):
            at = (round(x * WIDTH), round(float(rng.uniform(0.2, 0.8)) * height))
            cv2.circle(image, at, max(2, height // 16), dark, -1)
    return Panel(image, _sheet(height))


def draw_sign(rng: np.random.Generator, aspect: float) -> Panel:
    """A sign of several words, or of one long line where it is wide."""
    count = 1 if aspect > 4 else int(rng.integers(2, 5))
    ground, ink = _colours(rng, (*SIGN, *DARK))
    return _draw(rng, aspect, ground, ink, words(rng, count), bolts=False, ring=False)


def _colours(rng: np.random.Generator, grounds: Sequence[Colour]) -> tuple[Colour, Colour]:
    ground = grounds[int(rng.integers(len(grounds)))]
    return ground, (238, 240, 240) if sum(ground) < 380 else (25, 22, 20)


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Lines of words; a line that stands alone has at least two, so that it is no serial, and a
    telephone number stands below words."""
    words, lines = WORDS.split(), []
    for _ in range(count):
        chosen = rng.integers(len(words), size=int(rng.integers(2, 4)) if count < 2 else 1)
        lines.append(" ".join(words[int(i)] for i in chosen))
    if count > 1 and rng.random() < 0.2:
        lines[-1] = f"0{rng.integers(2, 10)} {rng.integers(100, 999)} {rng.integers(1000, 9999)}"
    return [line.upper() for line in lines] if rng.random() < 0.6 else lines


def _draw(
    rng: np.random.Generator,
    aspect: float,
    ground: Colour,
    ink: Colour,
    lines: Sequence[str],
    *,
    bolts: bool,
    ring: bool,
) -> Panel:
    height = max(24, round(WIDTH / aspect))
    image = np.empty((height, WIDTH, 3), np.uint8)
    image[:] = ground
    if rng.random() < 0.5:
        inset = max(2, height // 24)
        far = (WIDTH - inset, height - inset)
        cv2.rectangle(image, (inset, inset), far, ink, max(1, inset // 2))
    write(rng, image, lines, ink)
    if ring:
        middle, radius = (WIDTH // 2, height // 2), round(height * rng.uniform(0.2, 0.35))
        axes = (round(radius * 1.4), radius)
        cv2.ellipse(image, middle, axes, 0, 0, 360, ink, max(2, height // 18))
    if bolts:
        for x in (0.22, 0.78):
            cv2.circle(image, (round(x * WIDTH), round(0.14 * height)), height // 18, ink, -1)
    return Panel(image, _sheet(height))


def _sheet(height: int) -> Image:
    """The alpha of a panel of this height."""
    alpha = np.zeros((height, WIDTH), np.uint8)
    cv2.rectangle(alpha, (2, 2), (WIDTH - 3, height - 3), (255,), -1)
    return alpha


def write(rng: np.random.Generator, image: Image, lines: Sequence[str], ink: Colour) -> None:
    """Set the lines below each other, in the middle, in place."""
    plain = CAPTION_FONTS[int(rng.integers(len(CAPTION_FONTS)))]
    font = SERIFED_FONT if rng.random() < SERIFED_SHARE else plain
    height, width = image.shape[:2]
    pitch = height * 0.8 / max(1, len(lines))
    for i, line in enumerate(lines):
        size = max(8, round(pitch * rng.uniform(0.5, 0.75)))
        mask = line_of_text(line, font, size)
        shrink = min(1.0, 0.86 * width / mask.shape[1])
        wide = max(1, round(mask.shape[1] * shrink))
        tall = max(1, round(mask.shape[0] * min(1, shrink * 1.3)))
        small = cv2.resize(mask, (wide, tall), interpolation=cv2.INTER_AREA)
        top, left = round(height * 0.1 + pitch * (i + 0.5) - tall / 2), (width - wide) // 2
        at = image[max(0, top) : top + tall, left : left + wide]
        share = small[: at.shape[0], : at.shape[1], None].astype(np.float32) / 255
        at[:] = (at + (np.array(ink, np.float32) - at) * share).astype(np.uint8)

"""Plates of other countries at random: European, American and others, by their general looks.

No country's plate is copied. What differs between them is drawn apart: proportions, typefaces, a
band, captions and their size, grounds that run from one colour into another, marks between groups.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.synth.chance import CAPTION_WORDS, choose, coarse, grid, phrase
from app.lab.synth.plates.design import BANDS, Colour, Layout, Mark, PlateSpec, Scheme, split_serial
from app.lab.synth.plates.mounting import draw_bolts, draw_frame
from app.lab.synth.plates.serials import FOREIGN, draw_serial
from app.lab.synth.plates.typefaces import CAPTION_FONTS, DIES, FORMS, Slash, Typeface

_DRAWN_SHARE: Final = 0.2
_SCHEMES: Final = (
    Scheme("foreign_white", (232, 236, 236), (28, 24, 24), border=False),
    Scheme("foreign_yellow", (40, 200, 240), (24, 22, 22), border=False),
    Scheme("foreign_blue", (150, 70, 30), (236, 238, 238)),
    Scheme("foreign_green", (70, 110, 30), (236, 238, 238)),
    Scheme("foreign_blue_ink", (232, 236, 236), (130, 50, 20)),
    Scheme("foreign_red", (40, 30, 160), (236, 238, 238)),
    Scheme("foreign_black", (28, 26, 26), (228, 230, 230)),
)
_INKS: Final[tuple[Colour, ...]] = (
    (110, 40, 20),
    (30, 25, 25),
    (45, 35, 150),
    (60, 90, 25),
    (35, 55, 90),
    (90, 60, 90),
)
_STATES: Final = (
    "CALIFORNIA TEXAS NEVADA OHIO FLORIDA GEORGIA VIRGINIA MONTANA OREGON UTAH IDAHO KANSAS "
    "ALABAMA MICHIGAN ARIZONA INDIANA MAINE IOWA VICTORIA QUEENSLAND ONTARIO ALBERTA"
)


def draw_foreign(rng: np.random.Generator, text: str | None = None) -> PlateSpec:
    """A plate of some other country. A given text is taken as it is."""
    text = text or draw_serial(rng, FOREIGN)
    return choose(rng, (_european, _american, _other), (0.36, 0.34, 0.3))(rng, text)


def _european(rng: np.random.Generator, text: str) -> PlateSpec:
    two_rows = len(text) >= 4 and rng.random() < 0.16
    width, height = (rng.uniform(280, 345), rng.uniform(190, 225)) if two_rows else (520.0, 112.0)
    banded = rng.random() < 0.65
    crested = not banded and not two_rows and rng.random() < 0.6
    spec = _plain(
        rng,
        text,
        choose(rng, _SCHEMES, (0.55, 0.2, 0.04, 0.02, 0.1, 0.02, 0.07)),
        (float(width), float(height), 2 if two_rows else 1),
        margin=62.0 if banded else 54.0 if crested else 20.0,
    )
    return replace(
        spec,
        mark=choose(rng, _marks(), (0.4, 0.2, 0.12, 0.28)),
        frame=draw_frame(rng) if rng.random() < 0.3 else None,
        crest=crested,
        band=choose(rng, BANDS, (6, 1, 1, 1, 1)) if banded else None,
        band_text=choose(rng, ("GB", "D", "F", "NL", "SK", "I", "PL", "CZ", "H", ""), (1,) * 10),
    )


def _american(rng: np.random.Generator, text: str) -> PlateSpec:
    light = rng.uniform(170, 250, 3)
    light = light.mean() + (light - light.mean()) * rng.uniform(0, 1.5)
    ground, lower = (_colour(light * shade) for shade in rng.uniform(0.75, 1.0, 2))
    ink = _INKS[int(rng.integers(len(_INKS)))]
    if rng.random() < 0.12:
        ground, lower, ink = ink, ink, ground
    scheme = Scheme("foreign_wash", ground, ink, border=bool(rng.random() < 0.3))
    spec = _plain(rng, text, scheme, (305.0, 152.0, 1), margin=30.0)
    return replace(
        spec,
        mark=choose(rng, _marks(), (0.55, 0.18, 0.2, 0.07)),
        lower_ground=lower if rng.random() < 0.6 else None,
        caption_top="" if rng.random() < 0.12 else phrase(rng, _STATES).split()[0],
        caption_bottom="" if rng.random() < 0.4 else phrase(rng, CAPTION_WORDS),
        caption_size=float(rng.uniform(12, 25)),
        frame=draw_frame(rng) if rng.random() < 0.3 else None,
    )


def _other(rng: np.random.Generator, text: str) -> PlateSpec:
    width, height, rows = (
        (372.0, 134.0, 1),  # Australia
        (460.0, 110.0, 1),
        (330.0, 165.0, 2),
        (240.0, 170.0, 2),
        (190.0, 140.0, 2),
        (200.0, 100.0, 1),
    )[int(rng.integers(6))]
    spec = _plain(
        rng,
        text,
        choose(rng, _SCHEMES, (0.35, 0.17, 0.08, 0.08, 0.1, 0.06, 0.16)),
        (width, height, rows if len(text) >= 4 else 1),
        margin=24.0,
    )
    return replace(
        spec,
        mark=choose(rng, _marks(), (0.55, 0.2, 0.2, 0.05)),
        caption_top="" if rng.random() < 0.6 else phrase(rng, CAPTION_WORDS),
        frame=draw_frame(rng) if rng.random() < 0.2 else None,
    )


def _plain(
    rng: np.random.Generator,
    text: str,
    scheme: Scheme,
    size: tuple[float, float, int],
    *,
    margin: float,
) -> PlateSpec:
    """The serial on a plate of a width, height and number of rows."""
    width, height, rows = size
    count = len(text)
    upper = split_serial(text)
    per_row = max(upper, count - upper) if rows == 2 else count
    gap = float(rng.uniform(0.3, 1.4) if rng.random() < 0.6 else 0.5)
    pitch = min((width - margin) / (per_row + (gap if rows == 1 else 0.2)), rng.uniform(50, 66))
    room = (height - 30) / rows - 4
    cap = min(room, pitch * float(rng.uniform(1.25, 2.0)), 84.0 if rows == 1 else 95.0)
    changes = [i for i in range(1, count) if text[i].isdigit() != text[i - 1].isdigit()]
    return PlateSpec(
        text=text,
        format=FOREIGN,
        scheme=scheme,
        layout=Layout("foreign", width, height, cap, pitch, rows),
        face=draw_die(rng, pitch / cap),
        gap_after=changes[int(rng.integers(len(changes)))] if rows == 1 and changes else None,
        caption_font=CAPTION_FONTS[int(rng.integers(len(CAPTION_FONTS)))],
        gap=gap,
        bolts=draw_bolts(rng),
        emboss=float(rng.uniform(0.0, 0.6)),
    )


def draw_die(rng: np.random.Generator, room: float) -> Typeface:
    """Letters of any maker; `room` is the way from one to the next over their height."""
    aspect = coarse(min(grid(rng, 0.44, 0.68, 7), 0.92 * room))
    slash: Slash = "inside" if rng.random() < 0.12 else "none"
    if rng.random() >= _DRAWN_SHARE:
        return Typeface(DIES[int(rng.integers(len(DIES)))], aspect, slash=slash)
    return Typeface(
        "drawn",
        aspect,
        pen=grid(rng, 0.11, 0.17, 5),
        forms=choose(rng, FORMS, (0.4, 0.3, 0.3)),
        slash=slash,
    )


def _marks() -> tuple[Mark, ...]:
    return ("", "dash", "dot", "seal")


def _colour(levels: NDArray[np.float64]) -> Colour:
    blue, green, red = (round(level) for level in levels.clip(0, 255).tolist())
    return blue, green, red

"""Plates at random: which colours, sizes, typefaces and frames go with which serial."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from app.lab.synth.design import (
    FOREIGN_SCHEMES,
    SCHEMES,
    SILVER_ON_BLACK,
    Colour,
    Frame,
    Layout,
    PlateSpec,
    Scheme,
    rows_of,
    split_serial,
)
from app.lab.synth.serials import FOREIGN, draw_format, draw_serial
from app.lab.synth.typefaces import CAPTION_FONTS, FORMS, Slash, Typeface
from app.nz.formats import MAX_LENGTH
from app.nz.forms import Series
from app.nz.series import PERSONALISED, SERIES

__all__ = ["PlateSpec", "draw_spec", "rows_of"]

_T = TypeVar("_T")

_HEAVY_FONTS: Final = (
    "drawn",
    "OSP-DIN.ttf",
    "RobotoCondensed-Bold.ttf",
    "RG2014D.ttf",
    "RG2014E.ttf",
    "LiberationSans-Bold.ttf",
)
_THIN_FONTS: Final = (
    "drawn",
    "routed-gothic.ttf",
    "routed-gothic-narrow.ttf",
    "RG2014C.ttf",
    "RG2014D.ttf",
)

_BANDS: Final[tuple[Colour, ...]] = (
    (150, 60, 10),
    (24, 22, 22),
    (30, 24, 150),
    (150, 150, 148),
    (70, 90, 30),
)


_WORDS: Final = (
    "MOTORS AUTO CARS CITY NORTH SOUTH VALUE PRIME DRIVE COAST HARBOUR VALLEY GROUP DEALER "
    "EUROPEAN IMPORTS SALES SERVICE CENTRAL WHOLESALE VEHICLES RIVER HILL ISLAND PACIFIC "
    "www.example.co.nz 0800 CAR LAND TRADE QUALITY SINCE 1987 SMART BAY"
)
_CAPTION_WORDS: Final = (
    "NEW ZEALAND LOVE FOREVER FAMILY SURF TEAM RACING AOTEAROA LIVE FREE MY BABY THE BOSS "
    "ADVENTURE KIWI RUGBY BUILDER COUNTRY GIRL BEACH LIFE 4WD CLUB EST 1999 POWERED BY COFFEE"
)


def draw_spec(
    rng: np.random.Generator,
    text: str | None = None,
    format_name: str | None = None,
    *,
    mix: str = "road",
) -> PlateSpec:
    """A plate at random: of `mix` (a key of `app.lab.synth.serials.MIXES`), or of the given format.

    A given text needs its format, which decides colours, size and typeface.
    """
    if text is not None and format_name is None:
        raise ValueError("A given text needs its format.")
    name = format_name or draw_format(rng, mix)
    if name == FOREIGN:
        return _foreign(rng, text)
    series = next(entry for entry in SERIES if entry.name == name)
    small = bool(rng.random() < series.small)
    if text is None:
        longest = series.small_length if small else None
        text = draw_serial(rng, name, max_length=longest or MAX_LENGTH)
    scheme = _scheme(rng, series, text)
    layout = _layout(rng, name, text, small)
    banded = layout.name.startswith("euro") and rng.random() < 0.6
    plain = layout.name in {"car", "trailer"}
    captioned = name == PERSONALISED and rng.random() < 0.4
    return PlateSpec(
        text=text,
        format=name,
        scheme=scheme,
        layout=layout,
        face=_face(rng, name, text, scheme, layout),
        caption_top=_phrase(rng, _CAPTION_WORDS) if captioned and rng.random() < 0.5 else "",
        caption_bottom=_phrase(rng, _CAPTION_WORDS) if captioned else "",
        caption_font=CAPTION_FONTS[int(rng.integers(len(CAPTION_FONTS)))],
        frame=_frame(rng) if plain and rng.random() < 0.3 else None,
        bolts=_bolts(rng),
        band=_choose(rng, _BANDS, (1,) * len(_BANDS)) if banded else None,
        band_text="NZ" if banded and rng.random() < 0.7 else "",
        side_print=str(rng.integers(10, 27)) if name == "trade" and rng.random() < 0.7 else "",
        emboss=float(rng.uniform(0.15, 0.8)),
    )


def _scheme(rng: np.random.Generator, series: Series, text: str) -> Scheme:
    until = series.silver_until
    if until is not None and text[: len(until)] <= until and rng.random() < 0.85:
        return SILVER_ON_BLACK
    names = list(series.schemes)
    return SCHEMES[_choose(rng, names, list(series.schemes.values()))]


def _layout(rng: np.random.Generator, name: str, text: str, small: bool) -> Layout:
    def about(value: float, spread: float = 0.03) -> float:
        return value * float(rng.uniform(1 - spread, 1 + spread))

    count = len(text)
    if small:
        rows = 2 if count >= 3 and rng.random() < (0.35 if name == "motorcycle" else 0.55) else 1
        width, height = (
            (about(190, 0.12), about(140, 0.12))
            if rows == 2
            else (about(225, 0.12), about(118, 0.15))
        )
        per_row = max(split_serial(text), count - split_serial(text)) if rows == 2 else count
        pitch = min((width - 20) / per_row, 46)
        cap = min((height - 30) / rows - 4, pitch * 1.9)
        return Layout("small", width, height, cap, pitch, rows)
    personalised = name == PERSONALISED
    style = float(rng.random())
    if personalised and style < 0.25:
        return Layout("euro", 520, 112, about(74), min(about(66), 440 / count))
    if personalised and style < 0.4:
        return Layout("euro_mini", 440, 112, about(74), min(about(60), 380 / count))
    pitch = min(about(55, 0.02), 334 / count)
    return Layout(
        "trailer" if name.startswith("trailer") else "car",
        about(362, 0.01),
        about(126, 0.02),
        about(81, 0.05),
        pitch,
    )


def _face(
    rng: np.random.Generator, name: str, text: str, scheme: Scheme, layout: Layout
) -> Typeface:
    """Thin and round until prefix DFN of March 2006, then heavier, squarer and partly serifed."""
    fill = layout.pitch / layout.cap
    heavy = name in {"motorcycle", "ministers", "diplomatic"} or (
        name == "standard" and text[:3] >= "DFN"
    )
    if name in {"trailer", "trade", PERSONALISED} and scheme is not SILVER_ON_BLACK:
        heavy = rng.random() < 0.7
    slash: Slash = "inside"
    if heavy:
        font = _choose(rng, _HEAVY_FONTS, (0.78, 0.03, 0.05, 0.05, 0.05, 0.04))
        aspect = _coarse(min(_grid(rng, 0.54, 0.62, 3), 0.9 * fill))
        if font != "drawn":
            return Typeface(font, aspect, slash=slash)
        return Typeface(
            font,
            aspect,
            pen=_grid(rng, 0.135, 0.16, 3),
            roundness=_grid(rng, 0.8, 1.0, 2),
            forms="serifed" if rng.random() < 0.9 else "plain",
            slash=slash,
        )
    if scheme is SILVER_ON_BLACK or (name == "pre2001" and text[:2] < "PC"):
        slash = "none"
    elif rng.random() < 0.7:
        slash = "through"
    font = _choose(rng, _THIN_FONTS, (0.63, 0.04, 0.03, 0.14, 0.16))
    aspect = _coarse(min(_grid(rng, 0.56, 0.64, 3), 0.9 * fill))
    if font != "drawn":
        return Typeface(font, aspect, slash=slash)
    return Typeface(
        font,
        aspect,
        pen=_grid(rng, 0.115, 0.135, 3),
        oval=_grid(rng, 0.6, 0.9, 2),
        forms="round",
        slash=slash,
    )


def _frame(rng: np.random.Generator) -> Frame:
    """Half of them print on the frame itself, the others on light strips."""
    black = int(rng.integers(12, 40))
    strip = None if rng.random() < 0.55 else (215, 218, 218)
    bare = rng.random() < 0.25
    return Frame(
        top=float(rng.uniform(3, 16)),
        bottom=float(rng.uniform(6, 24)) if not bare else float(rng.uniform(3, 8)),
        side=float(rng.uniform(3, 10)),
        overlap=float(rng.uniform(1, 7)),
        colour=(black, black, black) if rng.random() < 0.9 else (170, 172, 175),
        strip=None if bare else strip,
        print_colour=(200, 205, 208) if strip is None else (35, 30, 30),
        top_text="" if bare or rng.random() < 0.5 else _phrase(rng, _WORDS),
        bottom_text="" if bare else _phrase(rng, _WORDS),
    )


def _bolts(rng: np.random.Generator) -> tuple[str, ...]:
    """Two at the top mostly, sometimes none that shows, or four."""
    kinds = ("zinc", "black", "rust", "white", "hole")
    weights = (0.3, 0.25, 0.15, 0.1, 0.2)
    count = int(_choose(rng, ("0", "2", "4"), (0.12, 0.7, 0.18)))
    first = _choose(rng, kinds, weights)
    return tuple(
        first if rng.random() < 0.7 else _choose(rng, kinds, weights) for _ in range(count)
    )


def _foreign(rng: np.random.Generator, text: str | None) -> PlateSpec:
    text = text or draw_serial(rng, FOREIGN)
    count = len(text)
    scheme = _choose(rng, FOREIGN_SCHEMES, (0.45, 0.2, 0.08, 0.07, 0.12, 0.08))
    width, height = ((520.0, 112.0), (305.0, 152.0), (372.0, 134.0), (240.0, 170.0))[
        int(rng.integers(4))
    ]
    rows = 2 if width < 300 and count >= 4 else 1
    per_row = max(split_serial(text), count - split_serial(text)) if rows == 2 else count
    pitch = min((width - 50) / (per_row + 0.5), 62.0)
    cap = min((height - 30) / rows - 4, pitch * float(rng.uniform(1.4, 1.9)), 84.0)
    font = _choose(rng, (*_HEAVY_FONTS, _THIN_FONTS[1]), (0.25, 0.15, 0.15, 0.1, 0.1, 0.15, 0.1))
    aspect = _coarse(min(_grid(rng, 0.5, 0.64, 5), 0.92 * pitch / cap))
    slash: Slash = "inside" if rng.random() < 0.15 else "none"
    face = Typeface(font, aspect, slash=slash)
    if font == "drawn":
        forms = _choose(rng, FORMS, (0.4, 0.3, 0.3))
        face = replace(face, pen=_grid(rng, 0.11, 0.15, 4), forms=forms)
    changes = [i for i in range(1, count) if text[i].isdigit() != text[i - 1].isdigit()]
    european = width == 520
    return PlateSpec(
        text=text,
        format=FOREIGN,
        scheme=scheme,
        layout=Layout("foreign", width, height, cap, pitch, rows),
        face=face,
        gap_after=changes[int(rng.integers(len(changes)))] if rows == 1 and changes else None,
        caption_top="" if european or rng.random() < 0.4 else _phrase(rng, _CAPTION_WORDS),
        frame=_frame(rng) if rng.random() < 0.25 else None,
        bolts=_bolts(rng),
        band=_BANDS[0] if european and rng.random() < 0.7 else None,
        band_text=_choose(rng, ("GB", "D", "F", "NL", "SK", "I", "PL"), (1,) * 7),
        emboss=float(rng.uniform(0.0, 0.6)),
    )


def _phrase(rng: np.random.Generator, vocabulary: str) -> str:
    words = vocabulary.split()
    return " ".join(words[int(i)] for i in rng.integers(len(words), size=int(rng.integers(1, 4))))


def _choose(rng: np.random.Generator, options: Sequence[_T], weights: Sequence[float]) -> _T:
    position = rng.random() * sum(weights)
    return options[min(int(np.searchsorted(np.cumsum(weights), position)), len(options) - 1)]


def _grid(rng: np.random.Generator, low: float, high: float, steps: int) -> float:
    """One of a few even steps, so that letters drawn once serve many plates."""
    return round(low + (high - low) * int(rng.integers(steps)) / (steps - 1), 4)


def _coarse(aspect: float) -> float:
    return round(aspect * 50) / 50

"""Plates at random: which colours, sizes, typefaces and frames go with which serial."""

from typing import Final

import numpy as np

from app.lab.synth.chance import CAPTION_WORDS, choose, coarse, grid, phrase
from app.lab.synth.plates.design import (
    BANDS,
    SCHEMES,
    SILVER_ON_BLACK,
    Layout,
    PlateSpec,
    Scheme,
    rows_of,
    split_serial,
)
from app.lab.synth.plates.foreign import draw_foreign
from app.lab.synth.plates.mounting import draw_bolts, draw_frame
from app.lab.synth.plates.serials import FOREIGN, draw_format, draw_serial
from app.lab.synth.plates.typefaces import CAPTION_FONTS, Slash, Typeface
from app.nz.formats import MAX_LENGTH
from app.nz.forms import Series
from app.nz.series import PERSONALISED, SERIES

__all__ = ["PlateSpec", "draw_spec", "rows_of"]

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


def draw_spec(
    rng: np.random.Generator,
    text: str | None = None,
    format_name: str | None = None,
    *,
    mix: str = "road",
) -> PlateSpec:
    """A plate at random: of `mix` (a key of `serials.MIXES`), or of the given format.

    A given text needs its format, which decides colours, size and typeface.
    """
    if text is not None and format_name is None:
        raise ValueError("A given text needs its format.")
    name = format_name or draw_format(rng, mix)
    if name == FOREIGN:
        return draw_foreign(rng, text)
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
        caption_top=phrase(rng, CAPTION_WORDS) if captioned and rng.random() < 0.5 else "",
        caption_bottom=phrase(rng, CAPTION_WORDS) if captioned else "",
        caption_font=CAPTION_FONTS[int(rng.integers(len(CAPTION_FONTS)))],
        frame=draw_frame(rng) if plain and rng.random() < 0.3 else None,
        bolts=draw_bolts(rng),
        band=choose(rng, BANDS, (1,) * len(BANDS)) if banded else None,
        band_text="NZ" if banded and rng.random() < 0.7 else "",
        side_print=str(rng.integers(10, 27)) if name == "trade" and rng.random() < 0.7 else "",
        emboss=float(rng.uniform(0.15, 0.8)),
    )


def _scheme(rng: np.random.Generator, series: Series, text: str) -> Scheme:
    until = series.silver_until
    if until is not None and text[: len(until)] <= until and rng.random() < 0.85:
        return SILVER_ON_BLACK
    names = list(series.schemes)
    return SCHEMES[choose(rng, names, list(series.schemes.values()))]


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
        font = choose(rng, _HEAVY_FONTS, (0.78, 0.03, 0.05, 0.05, 0.05, 0.04))
        aspect = coarse(min(grid(rng, 0.54, 0.62, 3), 0.9 * fill))
        if font != "drawn":
            return Typeface(font, aspect, slash=slash)
        return Typeface(
            font,
            aspect,
            pen=grid(rng, 0.135, 0.16, 3),
            roundness=grid(rng, 0.8, 1.0, 2),
            forms="serifed" if rng.random() < 0.9 else "plain",
            slash=slash,
        )
    if scheme is SILVER_ON_BLACK or (name == "pre2001" and text[:2] < "PC"):
        slash = "none"
    elif rng.random() < 0.7:
        slash = "through"
    font = choose(rng, _THIN_FONTS, (0.63, 0.04, 0.03, 0.14, 0.16))
    aspect = coarse(min(grid(rng, 0.56, 0.64, 3), 0.9 * fill))
    if font != "drawn":
        return Typeface(font, aspect, slash=slash)
    return Typeface(
        font,
        aspect,
        pen=grid(rng, 0.115, 0.135, 3),
        oval=grid(rng, 0.6, 0.9, 2),
        forms="round",
        slash=slash,
    )

"""Random serials of every format. Strings are drawn, never taken from a list of vehicles."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from app.nz.formats import FORMATS, PERSONALISED, SERIES_LETTERS, format_of

FOREIGN: Final = "foreign"
"""Format of a plate that follows another country's series, or none."""

ROAD_MIX: Final[Mapping[str, float]] = {entry.name: entry.prior for entry in FORMATS}
UNIFORM_MIX: Final[Mapping[str, float]] = {entry.name: 1 / len(FORMATS) for entry in FORMATS}
TRAINING_MIX: Final[Mapping[str, float]] = {
    name: 0.5 * ROAD_MIX[name] + 0.3 * UNIFORM_MIX[name] for name in ROAD_MIX
} | {FOREIGN: 0.2}
"""For a reader: the road, every format often enough to be learned, and other countries' series."""

MIXES: Final[Mapping[str, Mapping[str, float]]] = {
    "road": ROAD_MIX,
    "uniform": UNIFORM_MIX,
    "training": TRAINING_MIX,
    "personalised": {PERSONALISED: 1.0},
    "foreign": {FOREIGN: 1.0},
}

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLASSES: Final[Mapping[str, str]] = {
    "s": SERIES_LETTERS,
    "l": _LETTERS,
    "d": "0123456789",
    "n": "123456789",
    "c": "BCDFGHJKLMNPRSTVWYZ",
    "v": "AEIOU",
    "a": _LETTERS + "0123456789",
}
"""A lower-case character of a template stands for one of these, any other for itself."""

# Templates with weights. The digits of standard plates: cars of 2023, of nz_plates.
_TEMPLATES: Final[Mapping[str, Mapping[str, float]]] = {
    "standard": {"sssndd": 0.902, "sssnd": 0.088, "sssn": 0.01},
    "early_exception": {"AAIndd": 1, "AAOndd": 1, "AAXndd": 1},
    "diplomatic": {"DCnd": 4, "DCndd": 4, "CCnd": 2, "FCnd": 2, "FCndd": 1, "ndDCC": 1, "nCCC": 1},
    "ministers": {"CRn": 1, "CRnd": 2},
    "pre2001": {"llnddd": 0.78, "llndd": 0.16, "llnd": 0.05, "lln": 0.01},
    "motorcycle": {"snsss": 1},
    "motorcycle_old": {"ndlll": 0.75, "nlll": 0.25},
    "trailer": {
        "sndds": 0.5,
        "snds": 0.15,
        "sns": 0.02,
        "nsndd": 0.14,
        "ndsnd": 0.1,
        "nddsn": 0.07,
        "dssdd": 0.02,
    },
    "trade": {"Xnddd": 0.5, "Xndd": 0.2, "Xndddd": 0.1, "ndddX": 0.15, "nddX": 0.05},
    "trailer_old": {"ndddl": 3, "nddl": 2, "lnddd": 2, "nddll": 1, "ndll": 1, "ndddd": 1},
    PERSONALISED: {
        "cvcvcv": 2,
        "cvccvc": 3,
        "ccvccv": 1,
        "cvcvc": 3,
        "cvcc": 2,
        "cvc": 1,
        "vcvcc": 1,
        "cvcdd": 0.5,
        "cvcvdd": 1,
        "cvccd": 1.5,
        "ncvccv": 1,
        "dcvc": 1,
        "aaaaaa": 2,
        "aaaaa": 1,
        "aaaa": 0.7,
        "aaa": 0.4,
        "aa": 0.2,
        "a": 0.05,
        "dddddd": 0.2,
    },
    FOREIGN: {
        "llddlll": 3,  # United Kingdom
        "llldddd": 3,  # Texas, Brazil until 2018
        "dlllddd": 3,  # California
        "lllddd": 2,  # Sweden, many others
        "lldddll": 3,  # France, Italy
        "lllndd": 1,
        "ddlldd": 1,
        "lllddl": 1,  # New South Wales
        "dlldll": 1,  # Victoria
        "lddll": 1,
        "llldlldd": 1,
        "ddllldd": 1,
        "lldddd": 1,
        "lndddd": 1,
        "lllldd": 1,
        "ddddlll": 1,  # Spain
        "lldllndddd": 0.5,  # India
        "dddlll": 1,
        "aaaaaaaa": 1,
        "aaaaaaa": 1,
        "aaaaaa": 1,
        "aaaaa": 1,
        "aaaa": 0.5,
    },
}

_LOOKALIKES: Final = str.maketrans("OISEATBG", "01534786")


def draw_format(rng: np.random.Generator, mix: str = "road") -> str:
    """Name of a format with the weights of `MIXES[mix]`. Raises KeyError for an unknown mix."""
    return _pick(rng, MIXES[mix])


def draw_serial(rng: np.random.Generator, format_name: str, *, max_length: int = 10) -> str:
    """A random serial that `app.nz.formats.format_of` assigns to that very format.

    A foreign one follows no format, or one by chance. Raises KeyError for an unknown format.
    """
    templates = _TEMPLATES[format_name]
    while True:
        serial = _fill(rng, _pick(rng, templates))
        if format_name == PERSONALISED and rng.random() < 0.35:
            serial = _with_lookalikes(rng, serial)
        if format_name == "standard" and serial[0] > "R" and rng.random() < 0.6:
            continue  # the series had reached R; of the later letters Z only is on the road
        if len(serial) > max_length:
            continue
        found = format_of(serial)
        if format_name == FOREIGN or (found is not None and found.name == format_name):
            return serial


def _pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    values = np.fromiter(weights.values(), float)
    return list(weights)[int(np.searchsorted(np.cumsum(values), rng.random() * values.sum()))]


def _fill(rng: np.random.Generator, template: str) -> str:
    return "".join(
        pool[int(rng.integers(len(pool)))] if (pool := _CLASSES.get(c)) is not None else c
        for c in template
    )


def _with_lookalikes(rng: np.random.Generator, serial: str) -> str:
    """Some letters replaced by the digits that stand for them on personalised plates."""
    return "".join(c.translate(_LOOKALIKES) if rng.random() < 0.5 else c for c in serial)

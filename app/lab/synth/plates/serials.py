"""Random serials of every format. Strings are drawn, never taken from a list of vehicles."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from app.nz.formats import format_of
from app.nz.forms import CLASSES
from app.nz.series import PERSONALISED, SERIES

FOREIGN: Final = "foreign"
"""Format of a plate that follows another country's series, or none."""

ROAD_MIX: Final[Mapping[str, float]] = {entry.name: entry.prior for entry in SERIES}
UNIFORM_MIX: Final[Mapping[str, float]] = {entry.name: 1 / len(SERIES) for entry in SERIES}
TRAINING_MIX: Final[Mapping[str, float]] = {
    name: 0.5 * ROAD_MIX[name] + 0.3 * UNIFORM_MIX[name] for name in ROAD_MIX
} | {FOREIGN: 0.2}
"""For a reader: the road, every format often enough to be learned, and other countries' series."""

MIXES: Final[Mapping[str, Mapping[str, float]]] = {
    "road": ROAD_MIX,
    "uniform": UNIFORM_MIX,
    "training": TRAINING_MIX,
    "personalised": {PERSONALISED: 1.0},
    "motorcycle": {"motorcycle": 0.6, "motorcycle_old": 0.4},
    "foreign": {FOREIGN: 1.0},
}

_FOREIGN: Final[Mapping[str, float]] = {
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
}
_TEMPLATES: Final[Mapping[str, Mapping[str, float]]] = {
    entry.name: entry.drawn or entry.forms for entry in SERIES
} | {FOREIGN: _FOREIGN}

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
        pool[int(rng.integers(len(pool)))] if (pool := CLASSES.get(c)) is not None else c
        for c in template
    )


def _with_lookalikes(rng: np.random.Generator, serial: str) -> str:
    """Some letters replaced by the digits that stand for them on personalised plates."""
    return "".join(c.translate(_LOOKALIKES) if rng.random() < 0.5 else c for c in serial)

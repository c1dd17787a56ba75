"""How often which shape of plate occurs: the generative model that the decoder reads with.

P(plate) = P(format) P(shape | format) times one over the size of each character class, so every
plate of a shape is equally likely. A shape is written with one letter per character: a lower-case
key of ``CLASSES``, or the literal character itself.

The shares within a format follow the public vehicle lists of 2011 and 2023-24 (of standard plates
90 % have three digits, 9 % two, 1 % one). Personalised plates are any text; most are words, or
letters and then a number.
"""

import string
from dataclasses import dataclass
from typing import Final

from app.nz.formats import FORMATS, MAX_LENGTH_SMALL, PERSONALISED, SERIES_LETTERS

_LETTERS: Final = string.ascii_uppercase
_DIGITS: Final = string.digits

CLASSES: Final = {
    "s": SERIES_LETTERS,
    "l": _LETTERS,
    "d": _DIGITS,
    "n": _DIGITS[1:],
    "a": _DIGITS + _LETTERS,
    "e": "IOX",
    "m": _LETTERS.replace("V", ""),
    "p": _LETTERS.replace("Q", ""),
    "g": "ABCDEFG",
    "h": "HIJKLMNOPRSTUVWXYZ",
    "c": "DCF",
}

_SHAPES: Final[dict[str, dict[str, float]]] = {
    "standard": {"sssndd": 0.902, "sssnd": 0.088, "sssn": 0.01},
    "early_exception": {"AAendd": 1.0},
    "diplomatic": {
        "cCn": 0.05,
        "cCnd": 0.35,
        "cCndd": 0.45,
        "cCnddd": 0.05,
        "ncCC": 0.02,
        "ndcCC": 0.05,
        "nddcCC": 0.03,
    },
    "ministers": {"CRn": 0.3, "CRnd": 0.6, "CRndd": 0.09, "CRnddd": 0.01},
    # V is second only up to GV; the rest is kept because the pattern allows it.
    "pre2001": {
        "pmnddd": 0.925,
        "pmndd": 0.047,
        "pmnd": 0.008,
        "pmn": 0.002,
        "gVnddd": 0.015,
        "gVndd": 0.001,
        "gVnd": 0.0005,
        "gVn": 0.0002,
        "hVnddd": 0.001,
        "hVndd": 0.0001,
        "hVnd": 0.0001,
        "hVn": 0.0001,
    },
    "motorcycle": {"snsss": 1.0},
    "motorcycle_old": {"ndmmm": 0.985, "nmmm": 0.015},
    "trailer": {
        "sndds": 0.58,
        "snds": 0.02,
        "sns": 0.005,
        "nsndd": 0.15,
        "ndsnd": 0.12,
        "nddsn": 0.1,
        "dssdd": 0.025,
    },
    "trade": {
        **{"X" + "d" * digits: 0.1 for digits in range(1, 6)},
        **{"d" * digits + "X": 0.1 for digits in range(1, 6)},
    },
    "trailer_old": {
        "ddddl": 0.5,
        "dddl": 0.06,
        "ddl": 0.01,
        "dl": 0.002,
        "ldddd": 0.29,
        "lddd": 0.05,
        "ldd": 0.01,
        "ld": 0.002,
        "dddll": 0.09,
        "ddll": 0.01,
        "dll": 0.002,
        "ddddd": 0.01,
        "dddd": 0.01,
        "ddd": 0.002,
        "dd": 0.001,
        "d": 0.001,
    },
    "personalised": {
        "llllll": 0.28,
        "lllll": 0.12,
        "llll": 0.07,
        "lll": 0.02,
        "ll": 0.005,
        "l": 0.002,
        "llllld": 0.06,
        "lllldd": 0.06,
        "lllddd": 0.05,
        "lldddd": 0.03,
        "lllld": 0.04,
        "llldd": 0.04,
        "llddd": 0.02,
        "llld": 0.02,
        "lldd": 0.01,
        "dlllll": 0.02,
        "aaaaaa": 0.11,
        "aaaaa": 0.06,
        "aaaa": 0.02,
        "aaa": 0.007,
        "aa": 0.002,
        "a": 0.001,
    },
}

BEYOND_ISSUED: Final = 0.005
"""Share of standard plates whose prefix comes after the furthest known to be issued."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Plates of one format and length: one string of allowed characters per position.

    ``prior`` is the probability of the whole shape, ``plate_prior`` that of each plate of it.
    """

    format: str
    classes: tuple[str, ...]
    prior: float

    @property
    def plate_prior(self) -> float:
        prior = self.prior
        for members in self.classes:
            prior /= len(members)
        return prior


def plate_shapes(*, furthest_issued: str, small_plate: bool) -> tuple[Shape, ...]:
    """All shapes in the order of ``FORMATS``; their priors sum to 1.

    ``small_plate`` takes the shares among near-square plates and caps personalised serials at five
    characters. Standard plates after the prefix ``furthest_issued`` share ``BEYOND_ISSUED``.
    Raises ValueError unless ``furthest_issued`` is one to three letters of the standard series.
    """
    if not 1 <= len(furthest_issued) <= 3 or not set(furthest_issued) <= set(SERIES_LETTERS):
        raise ValueError(f"no prefix of the standard series: {furthest_issued!r}")
    shapes: list[Shape] = []
    for entry in FORMATS:
        weights = _SHAPES[entry.name]
        if small_plate and entry.name == PERSONALISED:
            weights = {key: w for key, w in weights.items() if len(key) <= MAX_LENGTH_SMALL}
        prior = entry.small_prior if small_plate else entry.prior
        total = sum(weights.values())
        for key, weight in weights.items():
            shape = Shape(entry.name, tuple(CLASSES.get(c, c) for c in key), prior * weight / total)
            if entry.name == "standard":
                shapes += _split_at_issued(shape, furthest_issued)
            else:
                shapes.append(shape)
    return tuple(shapes)


def _split_at_issued(shape: Shape, furthest: str) -> list[Shape]:
    """``shape`` cut into plates up to the prefix ``furthest`` and plates after it."""
    issued: list[tuple[str, ...]] = []
    beyond: list[tuple[str, ...]] = []
    for index, limit in enumerate(furthest):
        head = tuple(furthest[:index])
        members, tail = shape.classes[index], shape.classes[index + 1 :]
        below = "".join(c for c in members if c < limit)
        above = "".join(c for c in members if c > limit)
        issued += [(*head, below, *tail)] if below else []
        beyond += [(*head, above, *tail)] if above else []
    issued.append((*furthest, *shape.classes[len(furthest) :]))
    if not beyond:
        return [shape]
    return [
        *_share(shape, issued, shape.prior * (1 - BEYOND_ISSUED)),
        *_share(shape, beyond, shape.prior * BEYOND_ISSUED),
    ]


def _share(shape: Shape, parts: list[tuple[str, ...]], prior: float) -> list[Shape]:
    """``parts`` as shapes that share ``prior`` by the number of their plates."""
    sizes = [_size(part) for part in parts]
    return [
        Shape(shape.format, part, prior * size / sum(sizes))
        for part, size in zip(parts, sizes, strict=True)
    ]


def _size(classes: tuple[str, ...]) -> int:
    size = 1
    for members in classes:
        size *= len(members)
    return size

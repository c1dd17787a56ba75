"""How often which shape of plate occurs: the generative model that the decoder reads with.

P(plate) = P(series) P(form | series) times one over the size of each character class, so every
plate of a form is equally likely.
"""

from dataclasses import dataclass
from typing import Final

from app.nz.formats import is_series_prefix
from app.nz.forms import CLASSES
from app.nz.series import SERIES

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
    """All shapes in the order of ``SERIES``; their priors sum to 1.

    ``small_plate`` takes the shares among near-square plates and leaves out what is too long there.
    Standard plates after the prefix ``furthest_issued`` share ``BEYOND_ISSUED``.
    Raises ValueError unless ``furthest_issued`` is one to three letters of the standard series.
    """
    if not is_series_prefix(furthest_issued):
        raise ValueError(f"no prefix of the standard series: {furthest_issued!r}")
    shapes: list[Shape] = []
    for entry in SERIES:
        longest = entry.small_length if small_plate else None
        weights = {
            form: weight
            for form, weight in entry.forms.items()
            if longest is None or len(form) <= longest
        }
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

"""All ways in which plates show in the slots of a reader, and how likely each is.

A path is a shape of plate and a slip of the reader (see ``app.nz.lattice``). Its characters are
independent of each other, so its likelihood is a product of one factor a slot; those of all paths
are taken out of one table and multiplied together.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SlipRates:
    """Probability per plate that the reader slips, by kind."""

    doubled: float
    inserted: float
    missed: float


def slip_weights(slots: int, rates: SlipRates) -> NDArray[np.float64]:
    """Probability of each slip for plates of 0..slots characters, (3 slots, slots + 1).

    Rows: no slip; doubled at 0..slots-2; inserted before 0..slots-1; missed at 0..slots-1.
    A slip is equally likely at every position of the plate.
    """
    weights = np.zeros((3 * slots, slots + 1))
    weights[0] = 1 - rates.doubled - rates.inserted - rates.missed
    for length in range(1, slots + 1):
        if length < slots:
            weights[1 : 1 + length, length] = rates.doubled / length
            weights[slots : slots + length + 1, length] = rates.inserted / (length + 1)
        if length > 1:
            weights[2 * slots : 2 * slots + length, length] = rates.missed / length
    return weights


def rows_of_slip(length: int, slip: int, slots: int) -> list[int]:
    """Row of emissions that each character of a plate shows in, for one row of slips.

    Rows 0..slots-1 are the slots, slots..2 slots-1 a slot and the next one showing the same, and
    row 2 slots is nothing shown.
    """
    straight = list(range(length))
    if slip == 0:
        return straight
    if slip < slots:
        position = slip - 1
        return [*straight[:position], slots + position, *(i + 1 for i in straight[position + 1 :])]
    if slip < 2 * slots:
        position = slip - slots
        return [*straight[:position], *(i + 1 for i in straight[position:])]
    position = slip - 2 * slots
    return [*straight[:position], 2 * slots, *(i - 1 for i in straight[position + 1 :])]


@dataclass(frozen=True, slots=True)
class SlipFactors:
    """Factors of a slip in each slot, (slots, 1): of ``doubled`` one fewer.

    ``inserted`` has the likelihood of something that is no character of the plate in it.
    """

    doubled: NDArray[np.float64]
    inserted: NDArray[np.float64]
    missed: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gather:
    """Where the factors of each path lie in a flattened (rows, classes) table.

    ``runs`` (slots + 1, 3, shapes) has the factors whose running products are needed: characters
    in their own slot from the front; one slot later from the back; one slot earlier from the back.
    ``doubled`` (slots - 1, shapes) and ``missed`` (slots, shapes) are those of the slipped one.
    """

    runs: NDArray[np.intp]
    doubled: NDArray[np.intp]
    missed: NDArray[np.intp]

    def twice(self, size: int) -> "Gather":
        """The same paths over a table of this size and over the one that lies behind it."""
        return Gather(
            *(
                np.concatenate([each, each + size], -1)
                for each in (self.runs, self.doubled, self.missed)
            )
        )


def gather_indices(layout: NDArray[np.intp], classes: int, pad: int) -> Gather:
    """Indices for ``layout`` (slots + 1, shapes): the class per position, ``pad`` after the end."""
    slots = len(layout) - 1
    nothing = 2 * slots * classes
    offsets = np.arange(0, slots * classes, classes)[:, None]
    runs = np.full((slots + 1, 3, layout.shape[1]), nothing + pad)
    runs[1:, 0] = offsets + layout[:-1]
    runs[-2:0:-1, 1] = offsets[1:] + layout[:-2]
    runs[:0:-1, 2] = offsets + layout[1:]
    doubled = slots * classes + offsets[:-1] + layout[:-2]
    return Gather(runs, doubled, nothing + layout[:-1])


def path_products(
    table: NDArray[np.float64], gather: Gather, factors: SlipFactors
) -> NDArray[np.float64]:
    """Likelihood of every path, (3 slots, shapes).

    ``table``, flattened from (2 slots + 1, classes), has the emission of each class in each row,
    see ``rows_of_slip``.
    """
    slots = len(factors.inserted)
    running = table.take(gather.runs)
    for before, here in pairwise(running):  # twice as quick as np.multiply.accumulate
        np.multiply(before, here, out=here)
    own, later, earlier = running[:, 0], running[:, 1], running[:, 2]
    products = np.empty((3 * slots, own.shape[1]))
    products[0] = own[slots]
    doubled, inserted, missed = (
        products[1:slots],
        products[slots : 2 * slots],
        products[2 * slots :],
    )
    np.multiply(own[: slots - 1], later[slots - 2 :: -1], out=doubled)
    doubled *= table.take(gather.doubled) * factors.doubled
    np.multiply(own[:slots], later[slots - 1 :: -1], out=inserted)
    inserted *= factors.inserted
    np.multiply(own[:slots], earlier[:0:-1], out=missed)
    missed *= table.take(gather.missed) * factors.missed
    return products

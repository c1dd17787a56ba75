"""Posterior of plates given looks at one: exact for one look, which is one distribution per slot.

The model that is inverted here: a shape is drawn, then each of its characters uniformly from its
class. The reader shows character j in slot j and padding after the last one, except that it slips
at most once a plate: it shows one character in two slots (doubled), shows something between two
characters (inserted), or leaves a character out (missed). It may also have read a text that is no
plate at all (``app.nz.texts``).

Every (shape, slip) pair is a path on which the characters are independent of each other. So
the evidence, a sum over all plates, texts and slips, is a sum of products over paths, computed
with running products from both ends; and the best plates are found best first among the paths,
then scored exactly over all paths that lead to them. Nothing is pruned from the evidence: a plate
that was not listed has at most the probability that the listed ones leave over, so a plate listed
with more than half is certainly the most probable one.
"""

import heapq
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.nz.evidence import Evidence, background, pool, slip_table
from app.nz.grammar import Shape
from app.nz.paths import (
    SlipFactors,
    SlipRates,
    gather_indices,
    path_products,
    rows_of_slip,
    slip_weights,
)
from app.nz.texts import text_likelihood, text_prior


@dataclass(frozen=True, slots=True)
class Posterior:
    """``probability`` is that of the plate; ``legible`` that the text is what stands there, be it
    this plate or no plate at all."""

    plate: str
    format: str
    probability: float
    legible: float


@dataclass(frozen=True, slots=True)
class Posteriors:
    """``plates`` are the most probable ones, best first; ``foreign`` is the probability that what
    was read is no New Zealand plate. What is missing to 1 belongs to plates not listed."""

    plates: tuple[Posterior, ...]
    foreign: float


class Lattice:
    """All paths for readers with ``slots`` slots over ``alphabet``; safe to share by threads.

    ``text_prior`` is the probability that what was read is no New Zealand plate. The search visits
    at most ``visits`` (path, plate) pairs, best first, and lists at most ``listed`` plates.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        alphabet: str,
        pad_char: str,
        *,
        slots: int,
        slips: SlipRates,
        text_prior: float,
        visits: int = 16,
        listed: int = 4,
    ) -> None:
        self._alphabet = alphabet
        self._pad = alphabet.index(pad_char)
        self._visits = visits
        self._listed = listed
        readable = [
            shape
            for shape in shapes
            if len(shape.classes) <= slots and all(set(c) & set(alphabet) for c in shape.classes)
        ]
        # Behind the longest plate and a character inserted into it there is only padding.
        longest = max((len(shape.classes) for shape in readable), default=0)
        self._slots = slots = min(slots, longest + 1)
        self._text_prior = text_prior
        self._formats = [shape.format for shape in readable]
        self._priors = np.array([shape.plate_prior * (1 - text_prior) for shape in readable])
        classes = sorted(set().union(*(shape.classes for shape in readable)))
        self._members = np.array([[c in m for c in alphabet] for m in (*classes, pad_char)])
        self._belongs = self._members.T.astype(np.float64)
        columns = [np.flatnonzero(row) for row in self._members]
        self._columns = [each.tolist() for each in columns]
        self._ragged = np.concatenate(columns)
        self._starts = np.cumsum([0, *(len(each) for each in columns[:-1])])
        layout = np.full((slots + 1, len(self._priors)), len(classes))
        for index, shape in enumerate(readable):
            numbers = [classes.index(members) for members in shape.classes]
            layout[: len(numbers), index] = numbers
        # Each path twice: over the sums of the classes' emissions, and over their largest ones.
        gather = gather_indices(layout, len(self._members), len(classes))
        self._gather = gather.twice((2 * slots + 1) * len(self._members))
        lengths = [len(shape.classes) for shape in readable]
        self._slips = slip_weights(slots, slips)
        self._weights = np.tile(self._priors * self._slips[:, lengths], 2)
        # Which shapes have room for a character of the alphabet, or padding, at a position.
        self._fits = np.stack([self._members[classes].T for classes in layout])
        self._shapes = [layout[:length, index].tolist() for index, length in enumerate(lengths)]
        self._background = background(alphabet)
        kinds = (string.ascii_uppercase, string.digits)
        self._means = np.array([[(c in kind) / len(kind) for kind in kinds] for c in alphabet])

    def posteriors(
        self, looks: Sequence[Evidence], weights: Sequence[float] | None = None
    ) -> Posteriors:
        """Plates by falling posterior, given one or several looks at one plate.

        ``weights``, positive, are those of the looks' logarithms, 1 each if left out. Of one look
        of weight 1 everything is exact. Of several the listed plates, the best of each look and of
        all together, are exact against each other and against texts that are none; what plates not
        listed have is taken from the looks pooled.
        """
        weights = weights or [1.0] * len(looks)
        pooled, scale = pool(looks, weights)
        alone = pooled is looks[0]
        behind = float(pooled.emissions[self._slots :, self._pad].prod())
        as_text = float(self._text_prior * self._text_likelihood(pooled.emissions) / behind)
        rows, factors, paths = self._paths(pooled)
        plates = self._search(rows, paths)
        for look in () if alone else looks:
            seen, _, those = self._paths(look)
            plates |= self._search(seen, those)
        texts = ["".join(self._alphabet[column] for column in plate) for plate in plates]
        layout = np.full((self._slots + 1, len(plates)), self._pad)
        for index, plate in enumerate(plates):
            layout[: len(plate), index] = plate
        fits = self._fits[np.arange(self._slots + 1)[:, None], layout].all(axis=0)
        gather = gather_indices(layout, len(self._alphabet), self._pad)
        shown = path_products(rows.ravel(), gather, factors)
        legible = shown[0] * np.array([self._text_prior * text_prior(text) for text in texts])
        slips = self._slips[:, [len(plate) for plate in plates]]
        joint = (shown * slips).sum(axis=0) * (fits @ self._priors)
        evidence = float(paths[:, : len(self._shapes)].sum())
        if not alone:
            unlisted = max(0.0, evidence - float(joint.sum()))
            logs = [w * look.log_likelihoods(texts) for look, w in zip(looks, weights, strict=True)]
            joint = np.exp(np.sum(logs, axis=0) - scale) / behind * (fits @ self._priors)
            evidence = unlisted + float(joint.sum())
        evidence += as_text
        formats = [self._formats[int(first)] for first in fits.argmax(axis=1)]
        found = [
            Posterior(
                text, name, min(1.0, float(probability)), min(1.0, float(probability + share))
            )
            for text, name, probability, share in zip(
                texts, formats, joint / evidence, legible / evidence, strict=True
            )
        ]
        found.sort(key=lambda item: (-item.probability, item.plate))
        return Posteriors(tuple(found[: self._listed]), as_text / evidence)

    def _paths(
        self, look: Evidence
    ) -> tuple[NDArray[np.float64], SlipFactors, NDArray[np.float64]]:
        """The rows of a look, its factors of slips, and each path times its prior: over the sums of
        the classes' emissions, and behind those over their largest ones."""
        emissions, odds = look.emissions[: self._slots], look.odds[: self._slots]
        rows, factors = slip_table(emissions, odds, self._background)
        total = rows @ self._belongs
        best = np.maximum.reduceat(rows.take(self._ragged, axis=1), self._starts, axis=1)
        tables = np.concatenate([total.ravel(), best.ravel()])
        paths = path_products(tables, self._gather, factors)
        paths *= self._weights
        return rows, factors, paths

    def _text_likelihood(self, emissions: NDArray[np.float64]) -> float:
        letters, digits = (emissions @ self._means).T.tolist()
        return text_likelihood(letters, digits, emissions[:, self._pad].tolist())

    def _search(
        self, rows: NDArray[np.float64], paths: NDArray[np.float64]
    ) -> dict[tuple[int, ...], None]:
        """Distinct plates (as alphabet columns) of the best (path, plate) pairs, best first."""
        scores = paths[:, len(self._shapes) :]
        seeds = _largest(scores, self._visits)
        heap: list[tuple[float, int, tuple[int, ...]]] = [
            (-score, path, ())
            for score, path in zip(scores.take(seeds).tolist(), seeds.tolist(), strict=True)
        ]
        heap.sort()
        # What is worse than the last of enough paths is not visited.
        worst = heap[self._visits - 1][0] if len(heap) >= self._visits else 0.0
        found: dict[tuple[int, ...], None] = {}
        ranked: dict[tuple[int, int], list[tuple[float, int]]] = {}
        for _ in range(self._visits):
            if not heap or len(found) == self._listed:
                break
            score, path, ranks = heapq.heappop(heap)
            options = self._options(path, rows, ranked)
            ranks = ranks or (0,) * len(options)
            found[tuple(o[r][1] for o, r in zip(options, ranks, strict=True))] = None
            # Each combination of ranks is reached once: only from its last position that is not 0.
            last = len(ranks) - 1
            while last and not ranks[last]:
                last -= 1
            for i in range(last, len(ranks)):
                option, rank = options[i], ranks[i]
                if rank + 1 < len(option):
                    worse = score * option[rank + 1][0] / option[rank][0]
                    if worse <= worst:
                        further = (*ranks[:i], rank + 1, *ranks[i + 1 :])
                        heapq.heappush(heap, (worse, path, further))
        return found

    def _options(
        self,
        path: int,
        rows: NDArray[np.float64],
        ranked: dict[tuple[int, int], list[tuple[float, int]]],
    ) -> list[list[tuple[float, int]]]:
        """Per character of the path's shape: (emission, column) of its class, best first.

        No more than can be listed: each visit of a path finds another plate.
        """
        slip, index = divmod(path, len(self._shapes))
        shape = self._shapes[index]
        options = []
        for row, members in zip(rows_of_slip(len(shape), slip, self._slots), shape, strict=True):
            key = (row, members)
            if key not in ranked:
                value = rows[row].tolist()
                best = sorted(self._columns[members], key=value.__getitem__, reverse=True)
                ranked[key] = [(value[column], column) for column in best[: self._listed]]
            options.append(ranked[key])
        return options


def _largest(scores: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Where in the flattened (n, m) table the ``count`` largest scores are, and some more; 0 is
    none. They are at least as large as the largest of the ``count`` best columns."""
    columns = scores.max(axis=0)
    least = np.partition(columns, -count)[-count] if count < columns.size else 0.0
    return np.flatnonzero(scores >= least if least > 0 else scores > 0)

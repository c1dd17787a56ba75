"""What looks at a plate say about every text it may show.

One look is one distribution per slot of an OCR. Calibrated, it gives the likelihood of any text:
that of showing it slot by slot, plus that of each slip of the reader (see ``app.nz.lattice``).
Looks at the same plate add up: the logarithms of their likelihoods are summed, each with a weight,
below 1 where looks repeat each other's mistakes as the frames of a video do.
"""

import string
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from app.nz.paths import SlipFactors, SlipRates, gather_indices, path_products, slip_weights

_CHARACTERS: Final = string.digits + string.ascii_uppercase
_VERSION: Final = 1
_HEADER: Final = struct.Struct("<BBH3d")
_FAINTEST: Final = 1e-30
"""Least likelihood of a character in a slot of pooled looks, against the likeliest one there."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One look: ``emissions[i, a]`` (slots, alphabet), positive, is proportional to the likelihood
    of what slot i shows where it shows ``alphabet[a]``; ``odds`` (slots,) says how many times
    likelier than the rates ``slips`` a slip is there.
    """

    alphabet: str
    pad_char: str
    slips: SlipRates
    emissions: NDArray[np.float64]
    odds: NDArray[np.float64]

    def log_likelihood(self, text: str) -> float:
        """Logarithm of the likelihood of this look where the plate shows ``text``, in capitals
        and without spaces; a constant of the look apart, so only differences tell. Minus infinity
        where the OCR cannot show it."""
        return float(self.log_likelihoods([text])[0])

    def log_likelihoods(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """That of each text, at less cost than one by one."""
        slots, pad = len(self.emissions), self.alphabet.index(self.pad_char)
        known = set(self.alphabet) - {self.pad_char}
        shown = [i for i, text in enumerate(texts) if len(text) <= slots and set(text) <= known]
        layout = np.full((slots + 1, len(shown)), pad)
        for column, i in enumerate(shown):
            layout[: len(texts[i]), column] = [self.alphabet.index(c) for c in texts[i]]
        rows, factors = slip_table(self.emissions, self.odds, background(self.alphabet))
        gather = gather_indices(layout, len(self.alphabet), pad)
        paths = path_products(rows.ravel(), gather, factors)
        paths *= slip_weights(slots, self.slips)[:, [len(texts[i]) for i in shown]]
        logs = np.full(len(texts), -np.inf)
        with np.errstate(divide="ignore"):
            logs[shown] = np.log(paths.sum(axis=0))
        return logs

    def to_bytes(self) -> bytes:
        """About 0.7 kB for 9 slots: logarithms as half floats, so to 0.01 in the logarithm."""
        slots = len(self.emissions)
        names = (self.pad_char + self.alphabet).encode()
        with np.errstate(divide="ignore"):
            logs = np.log(np.concatenate([self.emissions.ravel(), self.odds]))
        rates = (self.slips.doubled, self.slips.inserted, self.slips.missed)
        header = _HEADER.pack(_VERSION, slots, len(names), *rates)
        return b"".join([header, names, logs.astype("<f2").tobytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises ValueError for anything but what ``to_bytes`` of this version wrote."""
        try:
            version, slots, size, *rates = _HEADER.unpack_from(data)
            names = data[_HEADER.size : _HEADER.size + size].decode()
            logs = np.frombuffer(data, "<f2", offset=_HEADER.size + size).astype(np.float64)
        except (struct.error, ValueError) as error:
            raise ValueError("these bytes are no evidence") from error
        alphabet = names[1:]
        if version != _VERSION or len(logs) != slots * (len(alphabet) + 1) or not alphabet:
            raise ValueError("these bytes are no evidence of this version")
        values = np.exp(logs)
        return cls(
            alphabet,
            names[0],
            SlipRates(*rates),
            values[:-slots].reshape(slots, len(alphabet)),
            values[-slots:],
        )


def pool(looks: Sequence[Evidence], weights: Sequence[float]) -> tuple[Evidence, float]:
    """All looks as if they were one, a slip of it being a slip of all, and what its logarithms of
    likelihoods lack: each slot is scaled to have its likeliest character at 1."""
    if len(looks) == 1 and weights[0] == 1:
        return looks[0], 0.0
    logs = sum(w * np.log(look.emissions) for look, w in zip(looks, weights, strict=True))
    highest = np.max(logs, axis=1, keepdims=True)
    odds = np.average([look.odds for look in looks], axis=0, weights=weights)
    first = looks[0]
    pooled = np.maximum(np.exp(logs - highest), _FAINTEST)
    return Evidence(first.alphabet, first.pad_char, first.slips, pooled, odds), float(highest.sum())


def background(alphabet: str) -> NDArray[np.float64]:
    """How likely a character that is none of the plate is each of the alphabet."""
    printable = np.array([character in _CHARACTERS for character in alphabet], dtype=np.float64)
    share: NDArray[np.float64] = printable / len(_CHARACTERS)
    return share


def slip_table(
    emissions: NDArray[np.float64], odds: NDArray[np.float64], background: NDArray[np.float64]
) -> tuple[NDArray[np.float64], SlipFactors]:
    """Rows as in ``rows_of_slip``, and the factors of a slip in each slot."""
    around = np.maximum(odds[1:], odds[:-1])
    doubled = emissions.copy()
    doubled[:-1] *= emissions[1:]
    rows = np.concatenate([emissions, doubled, np.ones((1, emissions.shape[1]))])
    factors = SlipFactors(
        around[:, None],
        (emissions @ background * odds)[:, None],
        np.concatenate([odds[:1], around])[:, None],
    )
    return rows, factors

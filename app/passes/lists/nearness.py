"""Listed plates near a text that was read, among tens of thousands."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MISTAKEN: Final = 2
"""Characters of a plate that may be read as others."""


class PlateIndex:
    """Finds those of which up to two characters were mistaken, two neighbours swapped, or one was
    left out or put in. All of a length are compared at once."""

    def __init__(self, plates: Sequence[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for plate in plates:
            by_length.setdefault(len(plate), []).append(plate)
        self._groups = {
            length: (group, np.array([_codes(plate) for plate in group]))
            for length, group in by_length.items()
        }

    def near(self, text: str) -> Iterator[str]:
        """The text itself among them, if it is there."""
        length, codes = len(text), _codes(text)
        for of, (group, table) in self._groups.items():
            if of == length:
                chosen = (table != codes).sum(axis=1) <= MISTAKEN
            elif of == length - 1:
                chosen = _same_ends(table == codes[:-1], table == codes[1:])
            elif of == length + 1:
                chosen = _same_ends(table[:, :-1] == codes, table[:, 1:] == codes)
            else:
                continue
            yield from (group[i] for i in np.flatnonzero(chosen))


def _codes(text: str) -> NDArray[np.uint8]:
    """Of a text of ASCII."""
    return np.frombuffer(text.encode("ascii", "replace"), np.uint8)


def _same_ends(from_start: NDArray[np.bool_], from_end: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows whose equal characters at the start and at the end are the whole shorter text."""
    leading = np.logical_and.accumulate(from_start, axis=1).sum(axis=1)
    trailing = np.logical_and.accumulate(from_end[:, ::-1], axis=1).sum(axis=1)
    return np.asarray(leading + trailing >= from_start.shape[1])

"""Texts that are no New Zealand plate: other countries' plates, signs, prints on bodywork.

A text is drawn character by character: it is of some length, begins with a letter or a digit, goes
on with the same kind or changes it, and each character is any of its kind. So what is written in
runs, as plates of all countries are, is likelier than an arbitrary string.
"""

import math
import string
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

CHANGE_OF_KIND: Final = 0.25
LENGTHS: Final = (0.02, 0.02, 0.04, 0.06, 0.12, 0.26, 0.3, 0.12, 0.04, 0.02)
"""Share of texts with 1, 2, ... characters."""


_KINDS: Final = str.maketrans(string.digits + string.ascii_uppercase, "0" * 10 + "A" * 26)


def text_prior(text: str) -> float:
    """Probability of one text of digits and capitals among all texts; 0 for none or too long."""
    return _kinds_prior(text.translate(_KINDS))


@lru_cache
def _kinds_prior(kinds: str) -> float:
    if not 0 < len(kinds) <= len(LENGTHS):
        return 0.0
    changes = sum(before != after for before, after in pairwise(kinds))
    runs = CHANGE_OF_KIND**changes * (1 - CHANGE_OF_KIND) ** (len(kinds) - 1 - changes)
    characters = math.prod(1 / 10 if kind == "0" else 1 / 26 for kind in kinds)
    return LENGTHS[len(kinds) - 1] * 0.5 * runs * characters


def text_likelihood(
    letters: Sequence[float], digits: Sequence[float], padding: Sequence[float]
) -> float:
    """P(slots | some text), given the mean likelihood of a letter, a digit, and of padding each.

    Texts longer than the slots are left out. The reader is taken not to slip.
    """
    after = [1.0]
    for likelihood in reversed(padding):
        after.append(after[-1] * likelihood)
    total = 0.0
    by_letter = by_digit = 0.5
    ends = list(reversed(after))[1:]
    for share, letter, digit, end in zip(LENGTHS, letters, digits, ends, strict=False):
        by_letter, by_digit = by_letter * letter, by_digit * digit
        total += share * (by_letter + by_digit) * end
        moved = CHANGE_OF_KIND * (by_digit - by_letter)
        by_letter, by_digit = by_letter + moved, by_digit - moved
    return total

"""Texts that are no New Zealand plate: other countries' plates, signs, prints on bodywork.

A text is drawn character by character: it is of some length, begins with a letter or a digit, goes
on with the same kind or changes it, and each character is any of its kind. So what is written in
runs, as plates of all countries are, is likelier than an arbitrary string.

A text of seven characters is mostly a plate of one of the world's series. No New Zealand plate is
so long, but each of them is one slip away, so how much such a text speaks for another country has
to be said: a share of the texts of a length follows one of its ``FORMS``.
"""

import math
import string
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final

CHANGE_OF_KIND: Final = 0.25
LENGTHS: Final = (0.02, 0.02, 0.04, 0.06, 0.12, 0.26, 0.3, 0.12, 0.04, 0.02)
"""Share of texts with 1, 2, ... characters."""

FORMS: Final = {
    "AAA0000": 3.0,  # Brazil until 2018, Texas, others in America
    "AA00AAA": 3.0,  # United Kingdom
    "AA000AA": 3.0,  # France, Italy, Argentina
    "AAA0A00": 2.0,  # Brazil since 2018
    "0AAA000": 2.0,  # California, Western Australia
    "0000AAA": 1.0,  # Spain
    "A000AAA": 1.0,  # South Australia
}
"""Series of other countries by kinds of characters, with weights among those of their length."""
IN_FORM: Final = 0.8
"""Share of the texts of a length for which there are forms that follow one of them."""

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
    index = len(kinds) - 1
    shape = _FREE[index] * 0.5 * runs + _FOLLOWED[index].get(kinds, 0.0)
    return LENGTHS[index] * shape * characters


def _followed(length: int) -> dict[str, float]:
    """The forms of a length with their shares among all texts of it."""
    weights = {form: weight for form, weight in FORMS.items() if len(form) == length}
    total = sum(weights.values())
    return {form: IN_FORM * weight / total for form, weight in weights.items()}


_FOLLOWED: Final = tuple(_followed(length) for length in range(1, len(LENGTHS) + 1))
_FREE: Final = tuple(1 - sum(followed.values()) for followed in _FOLLOWED)
_PICKED: Final = tuple(
    [
        (itemgetter(*(2 * slot + (kind == "0") for slot, kind in enumerate(form))), share)
        for form, share in followed.items()
    ]
    for followed in _FOLLOWED
)
"""What picks a form's means out of those of a letter and a digit in turn, slot by slot."""


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
    means = [mean for pair in zip(letters, digits, strict=True) for mean in pair]
    shown = zip(LENGTHS, _FREE, _PICKED, letters, digits, ends, strict=False)
    for share, free, picked, letter, digit, end in shown:
        by_letter, by_digit = by_letter * letter, by_digit * digit
        shape = free * (by_letter + by_digit)
        for pick, part in picked:
            shape += part * math.prod(pick(means))
        total += share * shape * end
        moved = CHANGE_OF_KIND * (by_digit - by_letter)
        by_letter, by_digit = by_letter + moved, by_digit - moved
    return total

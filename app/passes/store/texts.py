"""Plates as they are compared: O and 0 are equal in searches, I and 1 are not."""

import hashlib
import hmac
import re
import string
from itertools import combinations, product
from typing import Final

from app.errors import InvalidRequest
from app.nz.validation import normalize

MAX_TEXT: Final = 16
WILD: Final = "*?"
_DOUBTFUL_PLACES: Final = 6

LOOKALIKES: Final = (
    *("0DQCGU", "1IL7TJ", "2Z7", "3B8E", "4A", "5S6", "6G5B", "8B3S", "9PG4", "MNHW", "VYUWX"),
    *("KXR", "EF", "PRFB", "TYI", "CG", "JU"),
)
"""Groups of characters that readers take for each other; of these a text may have two mistaken."""

_ALPHABET: Final = (string.digits + string.ascii_uppercase).replace("O", "")
_FOLDED: Final = str.maketrans("O", "0")


def fold(text: str) -> str:
    """Capitals without spaces and hyphens, O as 0."""
    return normalize(text).translate(_FOLDED)


def asked_plate(text: str, *, wild: bool = False) -> str:
    """The folded text of a search. Raises InvalidRequest for what no plate can be."""
    folded = fold(text)
    allowed = rf"[0-9A-Z{re.escape(WILD) if wild else ''}]{{1,{MAX_TEXT}}}"
    if re.fullmatch(allowed, folded) is None:
        more = ", * and ?" if wild else ""
        raise InvalidRequest(f"A plate is up to {MAX_TEXT} letters and digits{more}.")
    return folded


def spellings(folded: str) -> list[str]:
    """What a folded text may be written as: 0 and O in each place where there is one of them; of
    more such places than plates have, all as one or the other."""
    if folded.count("0") > _DOUBTFUL_PLACES:
        return [folded, folded.replace("0", "O")]
    choices = ["0O" if character == "0" else character for character in folded]
    return ["".join(spelled) for spelled in product(*choices)]


def hashed(text: str, key: bytes) -> str:
    """Keyed hash of a folded text (HMAC-SHA256, the first 128 bits in hexadecimal)."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def neighbours(folded: str) -> set[str]:
    """Folded texts that may have been read of a plate, itself among them.

    All at one edit (a character changed, left out, put in, or swapped with the next), and those
    where two characters were mistaken for lookalikes.
    """
    found = {folded}
    length = len(folded)
    for i in range(length):
        found.update(folded[:i] + c + folded[i + 1 :] for c in _ALPHABET)
        found.add(folded[:i] + folded[i + 1 :])
        found.add(folded[:i] + folded[i + 1 : i + 2] + folded[i] + folded[i + 2 :])
    for i in range(length + 1):
        found.update(folded[:i] + c + folded[i:] for c in _ALPHABET)
    for i, j in combinations(range(length), 2):
        for first, second in product(_SIMILAR[folded[i]], _SIMILAR[folded[j]]):
            found.add(folded[:i] + first + folded[i + 1 : j] + second + folded[j + 1 :])
    found.discard("")
    return found


def _similar(character: str) -> str:
    groups = (group for group in LOOKALIKES if character in group)
    return "".join(sorted({c for group in groups for c in group} - {character}))


_SIMILAR: Final = {character: _similar(character) for character in _ALPHABET}

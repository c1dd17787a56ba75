"""Character errors by alignment, so that texts of unequal length count as well."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from app.lab.evaluation.figures.rates import Rate, rate

ErrorKind = Literal["substitution", "insertion", "deletion"]
_KINDS: dict[str, ErrorKind] = {
    "replace": "substitution",
    "insert": "insertion",
    "delete": "deletion",
}


@dataclass(frozen=True, slots=True)
class CharacterError:
    """`true` is empty for an inserted character, `read` for one that was not read.

    `position` counts from 0 in the true text. An insertion belongs to the character it follows, one
    before the first character to the first.
    """

    kind: ErrorKind
    position: int
    true: str
    read: str


@dataclass(frozen=True, slots=True)
class PositionErrors:
    """Errors at one position; `wrong` is the share of plates that long with an error there."""

    position: int
    substitutions: int
    insertions: int
    deletions: int
    wrong: Rate


@dataclass(frozen=True, slots=True)
class CharacterReport:
    """`accuracy` is the share of alignment columns that are right.

    It is 1 - errors / (true characters + insertions), which stays between 0 and 1; the characters
    of a plate are not independent, so its interval is too narrow. `error_rate` is errors / true
    characters, the usual character error rate. `confusion_matrix` maps the true character to what
    was read and how often; the empty text stands for no character. It has no diagonal.
    """

    accuracy: Rate
    error_rate: float | None
    characters: int
    substitutions: int
    insertions: int
    deletions: int
    confusion_matrix: dict[str, dict[str, int]]
    position_errors: tuple[PositionErrors, ...]


def character_errors(true: str, read: str) -> tuple[CharacterError, ...]:
    """The fewest edits (Levenshtein) from the true text to the one read."""
    errors: list[CharacterError] = []
    for edit in Levenshtein.editops(true, read):
        kind = _KINDS[edit.tag]
        inserted = kind == "insertion"
        errors.append(
            CharacterError(
                kind,
                max(edit.src_pos - 1, 0) if inserted else edit.src_pos,
                "" if inserted else true[edit.src_pos],
                "" if kind == "deletion" else read[edit.dest_pos],
            )
        )
    return tuple(errors)


def matching_characters(true: str, read: str) -> int:
    """True characters that were read right, each in its place."""
    errors = character_errors(true, read)
    return len(true) - sum(error.kind != "insertion" for error in errors)


def report_characters(pairs: Iterable[tuple[str, str]]) -> CharacterReport:
    """Sum up pairs of true and read text."""
    kinds: Counter[str] = Counter()
    confusions: dict[str, Counter[str]] = {}
    at_position: Counter[tuple[int, str]] = Counter()
    wrong: Counter[int] = Counter()
    lengths: Counter[int] = Counter()
    for true, read in pairs:
        lengths[len(true)] += 1
        errors = character_errors(true, read)
        for error in errors:
            kinds[error.kind] += 1
            confusions.setdefault(error.true, Counter())[error.read] += 1
            at_position[error.position, error.kind] += 1
        wrong.update({error.position for error in errors})
    characters = sum(length * count for length, count in lengths.items())
    columns = characters + kinds["insertion"]
    total = kinds.total()
    return CharacterReport(
        accuracy=rate(columns - total, columns),
        error_rate=total / characters if characters else None,
        characters=characters,
        substitutions=kinds["substitution"],
        insertions=kinds["insertion"],
        deletions=kinds["deletion"],
        confusion_matrix={true: dict(reads) for true, reads in sorted(confusions.items())},
        position_errors=tuple(
            PositionErrors(
                position,
                at_position[position, "substitution"],
                at_position[position, "insertion"],
                at_position[position, "deletion"],
                rate(
                    wrong[position],
                    sum(count for length, count in lengths.items() if length > position),
                ),
            )
            for position in range(max(lengths, default=0))
        ),
    )

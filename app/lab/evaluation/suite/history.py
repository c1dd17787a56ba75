"""What earlier runs gave, one line of JSON for each set and pair, and what changed since.

Plates are personal information: a line has counts and letters, and no text of any plate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from app.lab.errors import ResultError
from app.lab.evaluation.comparison import Difference, Paired, paired
from app.lab.evaluation.suite.provenance import Provenance
from app.lab.evaluation.suite.rows import MISSED, NOTHING, RIGHT, Row

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `created` is in UTC (ISO 8601); the rest is as in `Row`, shares as counts."""

    created: str
    set: str
    set_checksum: str
    provenance: Provenance
    pictures: int
    plates: int
    found: int
    right: int
    partial: int
    false: int
    surely_false: int
    characters: float | None
    passes: float | None
    ms: float | None
    outcomes: str
    negatives: str
    format: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Change:
    """One aspect of a set and pair, judged before and now, plate by plate.

    With the `same_weights` every difference is drift: of the code, a library or a machine.
    """

    set: str
    pair: str
    aspect: str
    before: str
    version: str
    same_weights: bool
    paired: Paired


_ADAPTER: Final = TypeAdapter(Entry)


def to_entry(row: Row) -> Entry:
    return Entry(
        created=row.created,
        set=row.set,
        set_checksum=row.set_checksum,
        provenance=row.provenance,
        pictures=row.pictures,
        plates=row.plates,
        found=row.found.count,
        right=row.right.count,
        partial=row.partial.count,
        false=row.false.count,
        surely_false=row.surely_false,
        characters=row.characters.value,
        passes=row.passes,
        ms=row.ms,
        outcomes=row.outcomes,
        negatives=row.negatives,
    )


def load_history(path: Path) -> list[Entry]:
    """Nothing where there is no file yet. Raises ResultError for a line that is no entry."""
    if not path.is_file():
        return []
    entries: list[Entry] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = _ADAPTER.validate_json(line)
        except ValidationError as error:
            raise ResultError(f"{path}, line {number}, is no entry of a history.") from error
        if entry.format != FORMAT_VERSION:
            raise ResultError(f"{path}, line {number}, has format {entry.format}.")
        entries.append(entry)
    return entries


def add(path: Path, entry: Entry, known: Iterable[Entry]) -> None:
    """Append the entry, unless it is of a result that is in the file already."""
    if entry in known:
        return
    with path.open("a", encoding="utf-8") as stream:
        stream.write(_ADAPTER.dump_json(entry).decode() + "\n")


def changes(history: Sequence[Entry], now: Entry) -> list[Change]:
    """Since the last entry with the same weights, and the last with others."""
    earlier = [
        entry for entry in history if entry.created < now.created and _comparable(entry, now)
    ]
    found: list[Change] = []
    for same in (True, False):
        fitting = [
            entry
            for entry in earlier
            if (entry.provenance.weights == now.provenance.weights) == same
        ]
        if fitting:
            found += _since(max(fitting, key=lambda entry: entry.created), now, same_weights=same)
    return found


def _comparable(entry: Entry, now: Entry) -> bool:
    return (
        entry.set_checksum == now.set_checksum
        and entry.set == now.set
        and entry.provenance.pair == now.provenance.pair
        and entry.provenance.options == now.provenance.options
    )


def _since(before: Entry, now: Entry, *, same_weights: bool) -> list[Change]:
    aspects = {
        "right": (before.outcomes, now.outcomes, {RIGHT}, True),
        "found": (before.outcomes, now.outcomes, {MISSED}, False),
        "none where none is": (before.negatives, now.negatives, {NOTHING}, True),
    }
    return [
        Change(
            now.set,
            now.provenance.pair,
            aspect,
            before.created,
            before.provenance.version,
            same_weights,
            _paired(a, b, letters, good=good),
        )
        for aspect, (a, b, letters, good) in aspects.items()
        if b
    ]


def _paired(before: str, now: str, letters: set[str], *, good: bool) -> Paired:
    """Samples by their place; the letters are those of good outcomes, or of all others."""
    return paired(
        [
            (Difference(f"#{place}", "", a, b), (a in letters) == good, (b in letters) == good)
            for place, (a, b) in enumerate(zip(before, now, strict=True))
        ]
    )

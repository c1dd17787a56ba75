"""The labels.csv of a folder of drawn pictures or clips."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

AddRow = Callable[[Iterable[object]], object]


@contextmanager
def new_labels(labels: Path, columns: Sequence[str]) -> Iterator[AddRow]:
    """A new file with its head, and what adds a row; makes its folder.

    Raises FileExistsError where it is there already.
    """
    labels.parent.mkdir(parents=True, exist_ok=True)
    with labels.open("x", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(columns)
        yield table.writerow

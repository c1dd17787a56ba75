"""What changed since earlier runs, and that no plate is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.lab.errors import ResultError
from app.lab.evaluation.results import PlateOutcome
from app.lab.evaluation.suite.history import Entry, add, changes, load_history, to_entry
from app.lab.evaluation.suite.rows import to_row
from tests.lab.evaluation.builders import evaluation, photo, plate, read
from tests.lab.evaluation.suite.builders import PROVENANCE, measured

PLATES = ("ABC123", "KLM482", "QBN119", "RDY191")


def entry(answers: tuple[str | None, ...], day: int, *, ocr: str = "1", false: int = 0) -> Entry:
    plates: tuple[PlateOutcome, ...] = tuple(
        plate(truth, read(answer) if answer else None, index=index)
        for index, (truth, answer) in enumerate(zip(PLATES, answers, strict=True))
    )
    photos = tuple(
        photo(f"{index}.jpg", negative=True, unmatched=(read("STOP"),) * (index < false))
        for index in range(2)
    )
    result = replace(evaluation(plates, photos), created=f"2026-01-{day:02d}T00:00:00+00:00")
    return to_entry(to_row(measured(result, replace(PROVENANCE, weights={"ocr": ocr}))))


FIRST = entry(PLATES, 1)
OTHERS = entry(("ABC128", "KLM482", None, "RDY191"), 2, ocr="2")
AGAIN = entry(("ABC123", "KLM482", "QBN119", None), 3, false=1)


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert load_history(path) == []
    for one in (FIRST, OTHERS, FIRST):
        add(path, one, load_history(path))
    assert load_history(path) == [FIRST, OTHERS]
    written = path.read_text()
    assert not any(text in written for text in (*PLATES, "ABC128", "STOP", "a.jpg"))


def test_changes_since_the_same_weights_and_since_others() -> None:
    found = changes([FIRST, OTHERS], AGAIN)
    assert [
        (one.same_weights, one.aspect, one.before[:10], len(one.paired.fixed),
         len(one.paired.broken)) for one in found
    ] == [
        (True, "right", "2026-01-01", 0, 1),
        (True, "found", "2026-01-01", 0, 1),
        (True, "none where none is", "2026-01-01", 0, 1),
        (False, "right", "2026-01-02", 2, 1),
        (False, "found", "2026-01-02", 1, 1),
        (False, "none where none is", "2026-01-02", 0, 1),
    ]  # fmt: skip
    assert found[3].paired.samples == 4
    assert (found[3].paired.right_a, found[3].paired.right_b) == (2, 3)


def test_the_last_of_several_counts() -> None:
    worse = entry((None,) * 4, 2)
    (right, *_) = changes([worse, FIRST], AGAIN)
    assert right.before == worse.created


def test_only_the_same_set_read_the_same_way_is_compared() -> None:
    other_way = replace(FIRST.provenance, options={"detail": "low"})
    other_pair = replace(FIRST.provenance, pair="own+hub")
    unlike = [
        replace(FIRST, set_checksum="0"),
        replace(FIRST, set="nz-real"),
        replace(FIRST, provenance=other_way),
        replace(FIRST, provenance=other_pair),
        AGAIN,  # itself
        replace(AGAIN, created="2026-02-01T00:00:00+00:00"),
    ]
    assert changes(unlike, AGAIN) == []


@pytest.mark.parametrize("line", ["{}", "no JSON", ""])
def test_a_line_that_is_no_entry(tmp_path: Path, line: str) -> None:
    path = tmp_path / "history.jsonl"
    add(path, FIRST, [])
    with path.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(ResultError, match="line 2"):
        load_history(path)

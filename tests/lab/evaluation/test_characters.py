import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from app.lab.evaluation.figures.characters import (
    CharacterError,
    character_errors,
    matching_characters,
    report_characters,
)

texts = st.text("AB01", max_size=7)


@pytest.mark.parametrize(
    ("true", "read", "errors"),
    [
        ("ABC123", "ABC123", ()),
        ("ABC123", "A8C123", (CharacterError("substitution", 1, "B", "8"),)),
        ("QBN11", "QBN113", (CharacterError("insertion", 4, "", "3"),)),
        ("ABC", "XABC", (CharacterError("insertion", 0, "", "X"),)),
        (
            "RDY19",
            "19",
            tuple(CharacterError("deletion", place, "RDY"[place], "") for place in range(3)),
        ),
        (
            "AB",
            "",
            (CharacterError("deletion", 0, "A", ""), CharacterError("deletion", 1, "B", "")),
        ),
    ],
)
def test_errors_by_alignment(true: str, read: str, errors: tuple[CharacterError, ...]) -> None:
    assert character_errors(true, read) == errors


@given(texts, texts)
def test_counts_add_up(true: str, read: str) -> None:
    errors = character_errors(true, read)
    counts = {kind: sum(error.kind == kind for error in errors) for kind in KINDS}
    matches = matching_characters(true, read)
    assert len(errors) == Levenshtein.distance(true, read)
    assert matches + counts["substitution"] + counts["deletion"] == len(true)
    assert matches + counts["substitution"] + counts["insertion"] == len(read)
    assert all(0 <= error.position < max(len(true), 1) for error in errors)
    assert all(error.true != error.read for error in errors)


KINDS = ("substitution", "insertion", "deletion")


@given(st.lists(st.tuples(st.text("AB01", min_size=1, max_size=7), texts), max_size=8))
def test_report_sums_the_errors(pairs: list[tuple[str, str]]) -> None:
    report = report_characters(pairs)
    errors = report.substitutions + report.insertions + report.deletions
    in_matrix = sum(sum(reads.values()) for reads in report.confusion_matrix.values())
    at_positions = sum(
        place.substitutions + place.insertions + place.deletions for place in report.position_errors
    )
    assert report.characters == sum(len(true) for true, _ in pairs)
    assert errors == in_matrix == at_positions
    assert report.accuracy.count == report.characters + report.insertions - errors


def test_report_of_known_pairs() -> None:
    report = report_characters([("ABC123", "A8C123"), ("QBN11", "QBN113"), ("AB1", "AB1")])
    assert (report.substitutions, report.insertions, report.deletions) == (1, 1, 0)
    assert report.confusion_matrix == {"": {"3": 1}, "B": {"8": 1}}
    assert (report.accuracy.count, report.accuracy.total) == (13, 15)
    assert report.error_rate == pytest.approx(2 / 14)
    wrong = [(place.wrong.count, place.wrong.total) for place in report.position_errors]
    assert wrong == [(0, 3), (1, 3), (0, 3), (0, 2), (1, 2), (0, 1)]


def test_report_of_nothing() -> None:
    report = report_characters([])
    assert (report.accuracy.value, report.error_rate, report.position_errors) == (None, None, ())

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nz.alignment import Change, changes


@pytest.mark.parametrize(
    ("read", "corrected", "expected"),
    [
        ("KLM482", "KLM482", ()),
        ("KLM4B2", "KLM482", (Change(4, "B", "8", "substitution"),)),
        ("KLM4822", "KLM482", (Change(6, "2", "", "deletion"),)),
        ("LM482", "KLM482", (Change(0, "", "K", "insertion"),)),
        (
            "K1M48",
            "KIM482",
            (Change(1, "1", "I", "substitution"), Change(5, "", "2", "insertion")),
        ),
        ("", "A1", (Change(0, "", "A", "insertion"), Change(0, "", "1", "insertion"))),
    ],
)
def test_edits(read: str, corrected: str, expected: tuple[Change, ...]) -> None:
    found = changes(read, corrected)
    assert sorted(found, key=str) == sorted(expected, key=str)


@given(st.text("AB1", max_size=6), st.text("AB1", max_size=6))
def test_applying_the_edits_gives_the_corrected_text(read: str, corrected: str) -> None:
    characters = [[character] for character in read] + [[""]]
    for change in changes(read, corrected):
        if change.kind == "insertion":
            characters[change.position].insert(-1, change.corrected)
        else:
            assert characters[change.position][-1] == change.read
            characters[change.position][-1] = change.corrected
    assert "".join(c for group in characters for c in group) == corrected

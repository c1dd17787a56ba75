"""Lists as files."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import InvalidRequest
from app.passes.lists import files
from app.passes.lists.entries import Entry, EntryDraft, ListDraft, PlateList
from app.passes.lists.files import FileForm, read_file, written
from tests.passes.made import NOON

LIST = PlateList(1, "residents", ListDraft(kind="allow"), NOON, 0)


def plates(text: str, form: FileForm = "csv") -> list[tuple[str, str]]:
    found = read_file(text.encode(), form, LIST)
    return [(draft.plate, draft.owner) for draft in found.drafts]


def refusal(data: bytes, form: FileForm = "csv") -> str:
    with pytest.raises(InvalidRequest) as refused:
        read_file(data, form, LIST)
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "plate,owner\nABC123,Jo\nDEF456,\n",
        "\ufeffLicense Plate;Name\r\nabc 123;Jo\r\n\r\nDEF-456;\r\n",
        'owner\trego\n"Jo"\tABC123\n\tDEF456',
        "plate,owner,colour\nABC123,Jo,red\nDEF456\n",
    ],
)
def test_tables(text: str) -> None:
    assert plates(text) == [("ABC123", "Jo"), ("DEF456", "")]


def test_columns_that_mean_nothing_are_told() -> None:
    assert read_file(b"plate,colour,make\nABC123,red,x\n", "csv", LIST).ignored == (
        "colour",
        "make",
    )


def test_a_plate_a_line() -> None:
    assert plates("ABC123\n\nDEF456\n") == [("ABC123", ""), ("DEF456", "")]
    assert plates("plate\nABC-1234\n") == [("ABC1234", "")]  # Plate Recognizer's
    assert plates("") == []


def test_all_columns() -> None:
    (draft,) = read_file(
        b"plate,notes,valid_from,valid_until,hours,cameras\n"
        b'ABC123,"\'=a, b",2026-11-27,2026-11-28,Mon-Fri 07:00-18:30,gate; back gate\n',
        "csv",
        LIST,
    ).drafts
    assert draft.notes == "=a, b"
    assert draft.valid_from == datetime.fromisoformat("2026-11-27T00:00:00+13:00")
    assert draft.valid_until == datetime.fromisoformat("2026-11-29T00:00:00+13:00")
    assert draft.hours == "mon-fri 07:00-18:30"
    assert draft.cameras == ("gate", "back gate")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("owner,notes\nJo,x", "line 1: "),
        ("plate,rego\nA,B", "line 1: plate: "),
        ("plate,owner\nABC123,Jo\n,Bo\n", "line 3: plate: "),
        ("plate\nABC123\nAB*\n", "line 3: plate: "),
        ("plate,hours\nABC123,noon\n", "line 2: hours: "),
        ("plate,valid_from\nABC123,27/11/2026\n", "line 2: valid_from: "),
        ("plate,valid_from,valid_until\nABC123,2026-02-01,2026-01-01\n", "line 2: valid_until: "),
        ("plate,owner\nABC123,Jo\nABC123,Bo\n", "line 3: plate: line 2 "),
        ("plate\nABC123,Jo\n", "line 2: "),
        ("plate,owner\nABC123,a\x07b\n", "line 2: owner: "),
        ("plate\n" + "A" * 200_000, "line 2: "),
        ("plate\nABC123\0", "no text"),
    ],
)
def test_faults_have_line_and_field(text: str, told: str) -> None:
    message = refusal(text.encode())
    assert told in message
    assert "ABC123" not in message
    assert len(message) < 2000


def test_what_is_no_text() -> None:
    assert "line 2" in refusal(b"plate\n\xff\xfe\n")


def test_all_faults_are_told_but_not_thousands() -> None:
    message = refusal(b"plate\n" + b"AB*\n" * 1000)
    assert "line 2:" in message
    assert "line 21:" in message
    assert "line 30:" not in message


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 2)
    assert "line 4: a list has at most 2" in refusal(b"plate\nABC123\nABC124\nABC125\n")
    bomb = "known_plates:\n  a: &a [ABC123, ABC123]\n" + "".join(f"  b{i}: *a\n" for i in range(9))
    assert "at most" in refusal(bomb.encode(), "frigate")


FRIGATE = """
mqtt: {host: here}
lpr:
  enabled: true
  known_plates:
    Jo's car:
      - "ABC-123"
      - ABC124
    Bo:
      - DEF456
"""


def test_frigate() -> None:
    assert plates(FRIGATE, "frigate") == [
        ("ABC123", "Jo's car"),
        ("ABC124", "Jo's car"),
        ("DEF456", "Bo"),
    ]
    assert plates("frigate:\n  watched_plates:\n  - ABC123\n", "frigate") == [("ABC123", "")]
    assert plates("", "frigate") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lpr:\n  known_plates:\n    Jo:\n    - J*N-*234\n", "line 4: plate: "),
        ("known_plates:\n  Jo: ABC123\n", "line 2: "),
        ("known_plates:\n  Jo:\n  - [ABC123]\n", "line 3: plate: "),
        ("known_plates: [\n", "line "),
        ("lpr: &a\n  lpr: *a\n  known_plates:\n    Jo: *a\n", "line "),
        ("[" * 3000, ""),
    ],
)
def test_faults_of_yaml(text: str, told: str) -> None:
    assert told in refusal(text.encode(), "frigate")


_MOMENTS = st.none() | st.datetimes(
    datetime(1970, 1, 2), datetime(2999, 12, 30), timezones=st.just(UTC)
)


def _texts(longest: int) -> st.SearchStrategy[str]:
    """Such as a table could take for something else, too."""
    odd = st.text("'\"=+-@;,\t\n A\uff1d\u00e9", max_size=min(longest, 12))
    return odd | st.text(max_size=longest).filter(lambda text: all(map(_is_printable, text)))


def _is_printable(character: str) -> bool:
    return character.isprintable() or character in "\n\t"


DRAFTS = st.builds(
    EntryDraft,
    plate=st.from_regex("[A-Z0-9]{1,8}", fullmatch=True),
    owner=_texts(40),
    notes=_texts(80),
    valid_from=_MOMENTS,
    hours=st.sampled_from(["", "mon 08:00-09:00", "mon-fri 07:00-18:30; sat 22:00-02:00"]),
    cameras=st.lists(_texts(20).filter(str.strip), max_size=3).map(tuple),
)


@given(st.lists(DRAFTS, max_size=3, unique_by=lambda draft: draft.plate))
@example([EntryDraft(plate="A", owner="=cmd()", notes="'=cmd()", cameras=("a;b", '"c', "-d"))])
@settings(max_examples=100, deadline=None, database=None)
def test_what_is_exported_is_imported_as_it_was(drafts: list[EntryDraft]) -> None:
    entries = [Entry(i, draft, NOON) for i, draft in enumerate(drafts)]
    text = "".join(written(entries, "csv"))
    assert list(read_file(text.encode(), "csv", LIST).drafts) == drafts
    for cells in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\uff1d")) for cell in cells)


def test_frigates_form_has_plates_and_owners() -> None:
    drafts = EntryDraft(plate="ABC123", owner="=cmd()"), EntryDraft(plate="DEF456")
    entries = [Entry(i, draft, NOON) for i, draft in enumerate(drafts)]
    assert plates("".join(written(entries, "frigate")), "frigate") == [
        ("ABC123", "=cmd()"),
        ("DEF456", "DEF456"),
    ]

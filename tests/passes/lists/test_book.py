"""Lists in both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import AlreadyListed, InvalidRequest, ListsFull, UnknownEntry, UnknownList
from app.passes.lists import book
from app.passes.lists.book import Imported, ListBook
from app.passes.lists.entries import EntryDraft, ListDraft
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO

WATCH = ListDraft(kind="watch")


def draft(plate: str, **more: Any) -> EntryDraft:
    return EntryDraft(plate=plate, **more)


@pytest.fixture
def lists(make_store: StoreFactory, database: str | None) -> ListBook:
    return make_store(database_url=database, now=NOON.timestamp).lists


def test_lists(lists: ListBook) -> None:
    made = lists.create("stolen", WATCH, who=WHO)
    assert (made.name, made.draft, made.entries, made.created_at) == ("stolen", WATCH, 0, NOON)
    with pytest.raises(AlreadyListed):
        lists.create("stolen", ListDraft(kind="allow"), who=WHO)
    lists.create("residents", ListDraft(kind="allow"), who=WHO)
    assert [each.name for each in lists.lists(who=WHO)] == ["residents", "stolen"]
    changed = ListDraft(kind="ignore", description="é", time_zone="UTC", min_probability=0.9)
    assert lists.change("stolen", changed, who=WHO).draft == changed
    lists.add("stolen", draft("ABC123"), who=WHO)
    assert lists.get("stolen", who=WHO).entries == 1
    lists.delete("stolen", who=WHO)
    lists.create("stolen", WATCH, who=WHO)
    assert lists.entries("stolen", who=WHO).entries == ()


def test_what_is_not_there(lists: ListBook) -> None:
    for ask in (
        lambda: lists.get("none", who=WHO),
        lambda: lists.change("none", WATCH, who=WHO),
        lambda: lists.delete("none", who=WHO),
        lambda: lists.entries("none", who=WHO),
        lambda: lists.add("none", draft("ABC123"), who=WHO),
        lambda: lists.fill("none", [], only=True, who=WHO),
        lambda: list(lists.export("none", who=WHO)),
    ):
        with pytest.raises(UnknownList):
            ask()
    lists.create("a", WATCH, who=WHO)
    lists.create("b", WATCH, who=WHO)
    entry = lists.add("a", draft("ABC123"), who=WHO)
    for name, number in (("b", entry.id), ("a", entry.id + 1)):
        with pytest.raises(UnknownEntry):
            lists.entry(name, number, who=WHO)
        with pytest.raises(UnknownEntry):
            lists.replace(name, number, draft("ABC124"), who=WHO)
        with pytest.raises(UnknownEntry):
            lists.remove(name, number, who=WHO)


def test_entries(lists: ListBook) -> None:
    lists.create("residents", ListDraft(kind="allow"), who=WHO)
    full = draft(
        "abc 123",
        owner="Jo Ngāti",
        notes="two\nlines",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2027, 1, 1, tzinfo=UTC),
        hours="mon-fri 07:00-18:30",
        cameras=("gate", "back gate"),
    )
    entry = lists.add("residents", full, who=WHO)
    assert (entry.draft, entry.changed_at) == (full, NOON)
    assert entry.draft.plate == "ABC123"
    assert lists.entry("residents", entry.id, who=WHO) == entry
    with pytest.raises(AlreadyListed):
        lists.add("residents", draft("ABC-123"), who=WHO)
    other = lists.add("residents", draft("B0BO"), who=WHO)
    lists.add("residents", draft("BOBO"), who=WHO)  # another plate
    with pytest.raises(AlreadyListed):
        lists.replace("residents", other.id, draft("ABC123"), who=WHO)
    lists.replace("residents", entry.id, draft("ABC124"), who=WHO)
    assert lists.entry("residents", entry.id, who=WHO).draft == draft("ABC124")
    lists.remove("residents", entry.id, who=WHO)
    assert plates(lists, "residents") == ["B0BO", "BOBO"]
    assert plates(lists, "residents", plate="bo-b0") == ["B0BO", "BOBO"]
    assert plates(lists, "residents", plate="A") == []


def plates(lists: ListBook, name: str, **wanted: Any) -> list[str]:
    return [each.draft.plate for each in lists.entries(name, who=WHO, **wanted).entries]


def test_pages(lists: ListBook) -> None:
    lists.create("many", WATCH, who=WHO)
    lists.fill("many", [draft(f"ABC{i:03}") for i in range(7)], only=False, who=WHO)
    seen: list[str] = []
    cursor = None
    while True:
        page = lists.entries("many", who=WHO, limit=3, cursor=cursor)
        seen += [each.draft.plate for each in page.entries]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"ABC{i:03}" for i in range(7)]
    with pytest.raises(InvalidRequest):
        lists.entries("many", who=WHO, cursor="nonsense")


def test_fill(lists: ListBook) -> None:
    lists.create("many", WATCH, who=WHO)
    first = [draft("AAA111", owner="a"), draft("BBB222"), draft("CCC333")]
    assert lists.fill("many", first, only=False, who=WHO) == Imported(3, 0, 0, 0)
    kept = lists.entries("many", who=WHO, plate="AAA").entries[0].id
    second = [draft("AAA111", owner="b"), draft("BBB222"), draft("DDD444")]
    assert lists.fill("many", second, only=False, who=WHO) == Imported(1, 1, 1, 0)
    assert lists.entry("many", kept, who=WHO).draft.owner == "b"
    assert lists.fill("many", second, only=True, who=WHO) == Imported(0, 0, 3, 1)
    assert plates(lists, "many") == ["AAA111", "BBB222", "DDD444"]
    assert [each.draft for each in lists.export("many", who=WHO)] == second


def test_limits(lists: ListBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MAX_LISTS", 1)
    monkeypatch.setattr(book, "MAX_ENTRIES", 2)
    lists.create("one", WATCH, who=WHO)
    with pytest.raises(ListsFull):
        lists.create("two", WATCH, who=WHO)
    lists.fill("one", [draft("ABC123"), draft("ABC124")], only=False, who=WHO)
    with pytest.raises(ListsFull):
        lists.add("one", draft("ABC125"), who=WHO)
    with pytest.raises(ListsFull):
        lists.fill("one", [draft("ABC126")], only=False, who=WHO)
    assert plates(lists, "one") == ["ABC123", "ABC124"]
    lists.fill("one", [draft("ABC126"), draft("ABC127")], only=True, who=WHO)


def test_who_changed_what(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    store.lists.create("residents", ListDraft(kind="allow"), who="ops")
    entry = store.lists.add("residents", draft("BOB123"), who="ops")
    store.lists.replace("residents", entry.id, draft("BOB124"), who="gatehouse")
    store.lists.remove("residents", entry.id, who="ops")
    store.lists.fill("residents", [draft("ABC123")], only=True, who="ops")
    list(store.lists.export("residents", who="visitor"))
    lines, _ = store.audit(who=WHO)
    assert [(line.who, line.action, line.plate) for line in reversed(lines)] == [
        ("ops", "list_create", None),
        ("ops", "entry_add", "B0B123"),
        ("gatehouse", "entry_change", "B0B124"),
        ("ops", "entry_delete", "B0B124"),
        ("ops", "import", None),
        ("visitor", "list_export", None),
    ]
    assert all(line.detail == {"list": "residents"} for line in lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"plate": ""},
        {"plate": "x" * 17},
        {"plate": "AB*"},
        {"plate": "ABC123", "owner": "a\0"},
        {"plate": "ABC123", "hours": "always"},
        {"plate": "ABC123", "valid_from": "2026-01-01T00:00:00"},
        {"plate": "ABC123", "valid_from": "0001-01-01T00:00:00+13:00"},
        {"plate": "ABC123", "valid_until": "9999-12-31T23:59:59-13:00"},
        {
            "plate": "ABC123",
            "valid_from": "2026-01-02T00:00:00Z",
            "valid_until": "2026-01-01T00:00:00Z",
        },
        {"plate": "ABC123", "cameras": ["x"] * 51},
        {"plate": "ABC123", "colour": "red"},
    ],
)
def test_what_is_no_entry(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        EntryDraft.model_validate(wrong)

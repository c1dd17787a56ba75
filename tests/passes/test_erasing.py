"""What is forgotten is gone: rows, pictures, notes; and who searched is known."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.errors import InvalidRequest, UnknownPass
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO, everything, made, picture, plates, put
from tests.servers import eventually

DAY = 86_400.0


def pictures(folder: Path) -> list[str]:
    return sorted(path.name[:32] for path in (folder / "store" / "pictures").rglob("*.*"))


def test_delete(make_store: StoreFactory, database: str | None, tmp_path: Path) -> None:
    store = make_store(database_url=database)
    gone, stays = made("ABC123", crop=picture(), frame=picture()), made("DEF456", crop=picture())
    put(store, gone, stays)
    store.delete(gone.id, who=WHO)
    assert plates(store) == ["DEF456"]
    assert pictures(tmp_path) == [stays.id]
    assert plates(store, plate="ABC123", match="fuzzy", min_probability=0.0) == []
    with pytest.raises(UnknownPass):
        store.delete(gone.id, who=WHO)


def test_erase_leaves_no_trace(
    make_store: StoreFactory, database: str | None, tmp_path: Path
) -> None:
    store = make_store(database_url=database)
    put(store, *(made("ABC123", minute=i, crop=picture()) for i in range(3)), made("DEF456"))
    assert len(plates(store, plate="ABC123")) == 3
    store.add(made("ABC123"))  # not yet written
    assert store.erase("abc 123", who=WHO) == 4
    assert plates(store) == ["DEF456"]
    assert pictures(tmp_path) == []
    lines, _ = store.audit(who=WHO)
    assert "ABC123" not in [line.plate for line in lines]
    assert (lines[1].action, lines[1].results) == ("erase", 4)


def test_old_passes_go(make_store: StoreFactory, database: str | None, tmp_path: Path) -> None:
    now = NOON.timestamp() + 29 * DAY
    store = make_store(database_url=database, store_days=30, now=lambda: now)
    put(
        store,
        made("ABC123", minute=-60, crop=picture()),
        made("DEF456", minute=3 * 24 * 60, crop=picture()),
    )
    now += 1.5 * DAY
    assert eventually(lambda: plates(store) == ["DEF456"])
    assert len(pictures(tmp_path)) == 1
    now += 400 * DAY
    assert eventually(lambda: plates(store) == [])
    noted = NOON + timedelta(days=300)
    assert eventually(lambda: store.audit(who=WHO, limit=10_000)[0][-1].at > noted)


def test_the_oldest_go_where_there_are_too_many_bytes(
    make_store: StoreFactory, database: str | None
) -> None:
    size = len(picture()) + 2500
    now = 0.0
    store = make_store(
        database_url=database, store_days=0, store_max_bytes=3 * size, now=lambda: now
    )
    put(store, *(made(f"ABC12{i}", minute=i, crop=picture()) for i in range(3)))
    store.add(made("ABC125", minute=5, crop=picture()))
    assert eventually(lambda: len(everything(store)) == 4)
    now += 100
    assert eventually(lambda: plates(store) == ["ABC125", "ABC122", "ABC121"])


def test_hashes_have_no_text(
    make_store: StoreFactory, database: str | None, tmp_path: Path
) -> None:
    store = make_store(
        database_url=database, store_plates="hashed", store_hash_key="0123456789abcdef"
    )
    put(store, made("ABC123", crop=picture(), frame=picture()), made("ABC123", minute=1))
    found = store.find(PassFilter(plate="abc123"), who=WHO).passes
    assert [each.plate for each in found] == [None, None]
    assert len({each.plate_hash for each in found}) == 1
    assert store.find(PassFilter(plate="ABC124"), who=WHO).passes == ()
    for match in ("prefix", "wildcard", "fuzzy"):
        with pytest.raises(InvalidRequest):
            store.find(PassFilter(plate="ABC123", match=match), who=WHO)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if re.search(rb"ABC12", path.read_bytes())]
    assert pictures(tmp_path) == []
    assert all("raw_reads" not in each.detail for each in everything(store))
    assert store.erase("ABC123", who=WHO) == 2


def test_hashes_depend_on_the_key(make_store: StoreFactory) -> None:
    first = make_store(store_plates="hashed", store_hash_key="0123456789abcdef")
    put(first, made("ABC123"))
    first.close()
    second = make_store(store_plates="hashed", store_hash_key="fedcba9876543210")
    assert second.find(PassFilter(plate="ABC123"), who=WHO).passes == ()


def test_who_searched_what(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    passing = made("ABC123", crop=picture())
    put(store, passing)
    for ask in (
        lambda: store.find(
            PassFilter(plate="ABO 12*", match="wildcard", cameras=("gate",)), who="a"
        ),
        lambda: store.get(passing.id, who="b"),
        lambda: store.picture(passing.id, "crop", who="c"),
        lambda: store.delete(passing.id, who="d"),
    ):
        ask()
    lines, _ = store.audit(who=WHO, limit=4)
    assert [(line.who, line.action, line.results) for line in reversed(lines)] == [
        ("a", "search", 0),
        ("b", "show", 1),
        ("c", "picture", 1),
        ("d", "delete", 1),
    ]
    assert lines[-1].plate == "AB012*"
    assert lines[-1].detail["cameras"] == ["gate"]
    assert lines[0].detail == {"id": passing.id}
    first, cursor = store.audit(who=WHO, limit=2)
    second, _ = store.audit(who=WHO, limit=2, cursor=cursor)
    assert second[-1].seq < first[-1].seq


def test_export_is_noted_once(make_store: StoreFactory) -> None:
    store: PassStore = make_store()
    put(store, made("ABC123"))
    list(store.export(PassFilter(plate="ABC123"), who="exporter"))
    lines, _ = store.audit(who=WHO)
    assert [line.action for line in lines if line.who == "exporter"] == ["export"]

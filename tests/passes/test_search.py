"""Finding passes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.errors import InvalidRequest
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from app.passes.store.texts import neighbours
from tests.passes.conftest import StoreFactory, another_database
from tests.passes.made import NOON, WHO, made, plates, prior, put

KEPT = ("ABC123", "ABC124", "AB1234", "XYZ789", "O0O1I1", "ABCDEF")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PassStore]:
    """With all of `KEPT`; nothing in it changes."""
    url: str | None = None
    if request.param == "postgresql":
        url = another_database(request.getfixturevalue("postgresql_server"), "searched")
    changed = Settings(store_path=tmp_path_factory.mktemp("store"), database_url=url)
    store = PassStore(changed, prior=prior)
    put(store, *(made(text, minute=i, camera=f"c{i % 2}") for i, text in enumerate(KEPT)))
    yield store
    store.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, list(reversed(KEPT))),
        ({"plate": "ABC123"}, ["ABC123"]),
        ({"plate": " abc-123 "}, ["ABC123"]),
        ({"plate": "ABC125"}, []),
        ({"plate": "000111"}, []),
        ({"plate": "OOO1I1"}, ["O0O1I1"]),
        ({"plate": "0001I1"}, ["O0O1I1"]),
        ({"plate": "ABC", "match": "prefix"}, ["ABCDEF", "ABC124", "ABC123"]),
        ({"plate": "A*4", "match": "wildcard"}, ["AB1234", "ABC124"]),
        ({"plate": "AB?12?", "match": "wildcard"}, ["ABC124", "ABC123"]),
        ({"plate": "*7*", "match": "wildcard"}, ["XYZ789"]),
        ({"cameras": ("c1",)}, ["ABCDEF", "XYZ789", "ABC124"]),
        ({"cameras": ("c1",), "plate": "ABC", "match": "prefix"}, ["ABCDEF", "ABC124"]),
        ({"since": NOON + timedelta(minutes=4)}, ["ABCDEF", "O0O1I1"]),
        ({"until": NOON + timedelta(minutes=1)}, ["ABC123"]),
        ({"formats": ("standard",), "cameras": ("c0",)}, ["ABC123"]),
        ({"min_confidence": 1.1}, []),
    ],
)
def test_what_is_found(store: PassStore, wanted: dict[str, Any], found: list[str]) -> None:
    assert plates(store, **wanted) == found


@pytest.mark.parametrize(
    ("plate", "match"),
    [("", "exact"), ("AB*", "exact"), ("A%", "wildcard"), ("Ä", "exact"), ("A" * 17, "fuzzy")],
)
def test_what_no_plate_can_be(store: PassStore, plate: str, match: Any) -> None:
    with pytest.raises(InvalidRequest):
        store.find(PassFilter(plate=plate, match=match), who=WHO)


@pytest.mark.parametrize(
    "wanted", [PassFilter(), PassFilter(plate="ABC123", match="fuzzy", min_probability=0.0)]
)
def test_pages_have_everything_once(store: PassStore, wanted: PassFilter) -> None:
    whole = [each.id for each in store.find(wanted, who=WHO).passes]
    assert len(whole) > 1
    paged: list[str] = []
    cursor: str | None = None
    while True:
        page = store.find(wanted, who=WHO, limit=1, cursor=cursor)
        paged += [each.id for each in page.passes]
        cursor = page.cursor
        if cursor is None:
            break
    assert paged == whole


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "WzEsMl0x", "bnVsbA", "WzFlOTksIDFd", "WyJhIiwgMV0"]
)
def test_cursors_that_are_none(store: PassStore, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        store.find(PassFilter(), who=WHO, cursor=cursor)
    if cursor != "":
        with pytest.raises(InvalidRequest):
            store.find(PassFilter(plate="ABC123", match="fuzzy"), who=WHO, cursor=cursor)


def test_fuzzy_goes_by_the_evidence(make_store: StoreFactory, database: str | None) -> None:
    """All are one character from ABC123; what was seen tells which of them it may be."""
    store = make_store(database_url=database)
    put(
        store,
        made("ABC123"),
        made("ABC128", doubts={5: "3"}),
        made("ABC127"),
        made("A8C123", doubts={1: "B"}),
        made("XYZ789"),
    )
    page = store.find(PassFilter(plate="ABC123", match="fuzzy", min_probability=0.0), who=WHO)
    probabilities = {each.plate: each.probability or 0.0 for each in page.passes}
    assert "XYZ789" not in probabilities
    assert next(iter(probabilities)) == "ABC123"
    assert probabilities["ABC123"] > 0.8
    assert 0.1 < probabilities["ABC128"] < 0.5
    assert probabilities["ABC127"] < 0.01
    # A8C123 is no plate of the standard series, so that it is most likely ABC123.
    assert probabilities["A8C123"] > 0.1
    listed = store.find(PassFilter(plate="ABC123", match="fuzzy"), who=WHO)
    assert "ABC127" not in [each.plate for each in listed.passes]


def test_fuzzy_tells_what_the_decoder_would(make_store: StoreFactory) -> None:
    """The evidence of a pass gives the same probability as its list of candidates."""
    store = make_store()
    listed = made("ABC128", doubts={5: "3"})
    (wanted,) = [each for each in listed.candidates if each.plate == "ABC123"]
    put(store, made("ABC128", doubts={5: "3"}, candidates=listed.candidates[:1]))
    (found,) = store.find(PassFilter(plate="ABC123", match="fuzzy"), who=WHO).passes
    assert found.probability == pytest.approx(wanted.probability, rel=0.1)


def test_neighbours() -> None:
    near = neighbours("ABC123")
    assert {"ABC123", "ABC128", "ABC12", "ABC1234", "BAC123", "A8C1Z3", "AB0123"} <= near
    assert not any("O" in text for text in near)
    assert "XYC123" not in near


@pytest.mark.parametrize("wanted", [{"plate": "ABC123"}, {"corrected": True}])
def test_no_search_looks_at_every_pass(make_store: StoreFactory, wanted: dict[str, Any]) -> None:
    """Also where SQLite knows that there are a million, and that none is corrected."""
    store, asked = make_store(), list[tuple[str, Any]]()
    put(store, made("ABC123"))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        for name, stat in STATISTICS.items():
            connection.exec_driver_sql(
                "UPDATE sqlite_stat1 SET stat = ? WHERE idx = ?", (stat, name)
            )
    store.engine.dispose()  # statistics are read by those who connect

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def keep(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    plates(store, **wanted)
    (search,) = [each for each in asked if each[0].startswith("SELECT passes.seq")]
    with store.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {search[0]}", search[1]).all()
    steps = [row[3] for row in plan]
    assert not [step for step in steps if step.startswith("SCAN passes")], steps


STATISTICS = {
    "sqlite_autoindex_passes_1": "1000000 1",
    "passes_correction": "1000000 1000000 1 1",
    "passes_plate": "1000000 4 1 1",
    "passes_at": "1000000 1 1 1",
    "passes_camera": "1000000 125000 1 1",
}

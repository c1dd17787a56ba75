"""What is to be told is written with the pass, or not at all."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.passes.notify import outbox
from app.passes.records import NewPass
from app.passes.store.database import open_database, postgresql_url, sqlite_url
from app.passes.store.store import FILE, PassStore
from app.passes.store.tables import OUTBOX
from tests.passes.conftest import StoreFactory
from tests.passes.made import WHO, everything, made, put
from tests.servers import eventually

AT = 1_800_000_000.0


def tell_all(connection: sa.Connection, events: Sequence[NewPass]) -> None:
    for event in events:
        outbox.add(
            connection,
            "hook",
            {"plate": event.plate},
            kind=f"pass.{event.event}",
            id=event.event_id,
            at=AT,
            pass_id=event.id,
            plate_key=event.plate,
        )


def told(store: PassStore, database: str | None, tmp_path: Any) -> list[sa.Row[Any]]:
    url = sqlite_url(tmp_path / "store" / FILE) if database is None else postgresql_url(database)
    engine = open_database(url)
    with engine.connect() as connection:
        rows = list(connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.seq)).all())
    engine.dispose()
    return rows


def test_events_are_told_and_passes_kept(
    make_store: StoreFactory, database: str | None, tmp_path: Any
) -> None:
    store = make_store(database_url=database, tell=(tell_all,))
    store.add(made("ABC123", event="new", id="1" * 32))
    put(store, made("ABC123", id="1" * 32))
    assert [each.plate for each in everything(store)] == ["ABC123"]
    rows = told(store, database, tmp_path)
    assert [row.kind for row in rows] == ["pass.new", "pass.end"]
    assert [row.state for row in rows] == ["waiting"] * 2
    assert rows[0].expires - rows[0].created == 86_400_000_000
    assert len({row.id for row in rows}) == 2


def test_what_fails_to_be_told_is_not_kept_either(
    make_store: StoreFactory, database: str | None, tmp_path: Any
) -> None:
    failures = iter(range(2))

    def fail_at_first(connection: sa.Connection, events: Sequence[NewPass]) -> None:
        tell_all(connection, events)
        if next(failures, None) is not None:
            raise OperationalError("told", {}, Exception("the database went away"))

    store = make_store(database_url=database, tell=(fail_at_first,))
    put(store, made("ABC123"))
    assert [row.payload for row in told(store, database, tmp_path)] == [{"plate": "ABC123"}]
    assert next(failures, None) is None


def test_what_is_written_twice_is_told_once(
    make_store: StoreFactory, database: str | None, tmp_path: Any
) -> None:
    store = make_store(database_url=database, tell=(tell_all,))
    passing = made("ABC123")
    put(store, passing)
    store.add(passing)
    put(store, made("XYZ789"))
    assert len(told(store, database, tmp_path)) == 2


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_erased_is_not_told(
    make_store: StoreFactory, database: str | None, tmp_path: Any, kept: bool
) -> None:
    store = make_store(database_url=database, tell=(tell_all,))
    store.add(made("ABC123", event="end" if kept else "new"))
    put(store, made("XYZ789"))
    assert eventually(lambda: len(told(store, database, tmp_path)) == 2)
    assert store.erase("ABC123", who=WHO) == int(kept)
    assert [row.payload for row in told(store, database, tmp_path)] == [{"plate": "XYZ789"}]
    (last,) = everything(store)
    store.delete(last.id, who=WHO)
    assert told(store, database, tmp_path) == []

"""Cameras that move to another process: nothing is kept twice, and what was kept stays."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.passes.records import NewPass, Turn
from app.passes.store.store import PassStore
from app.passes.store.tables import CAMERA_TURNS, microseconds
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, everything, made, picture, prior

MOVED = NOON
"""When the second owner took the camera."""


def at(seconds: float) -> datetime:
    return MOVED + timedelta(seconds=seconds)


def seen(text: str, first: float, last: float, *, epoch: int, **changes: Any) -> NewPass:
    """From some seconds after the move to some others, by the owner with that epoch."""
    return made(
        text,
        source="camera",
        at=at(first),
        last_at=at(last),
        turn=Turn(epoch, microseconds(at(last))),
        **changes,
    )


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


@pytest.fixture
def told() -> list[NewPass]:
    return []


@pytest.fixture
def store(
    make_store: StoreFactory, empty_postgresql: str, counts: Counter[str], told: list[NewPass]
) -> PassStore:
    def count(what: str) -> None:
        counts[what] += 1

    store = make_store(
        database_url=empty_postgresql,
        store_days=0,
        fenced=count,
        tell=(lambda connection, events: told.extend(events),),
    )
    turns(store, {1: -3600, 2: 0})
    return store


def turns(store: PassStore, begun: dict[int, float], camera: str = "gate") -> None:
    with store.engine.begin() as connection:
        for epoch, seconds in begun.items():
            row = {"camera": camera, "epoch": epoch, "since": microseconds(at(seconds))}
            connection.execute(sa.insert(CAMERA_TURNS).values(row))


def write(store: PassStore, *events: NewPass) -> None:
    for event in events:
        store.add(event)
    assert store.written(30)


def kept(store: PassStore) -> list[tuple[str | None, datetime, datetime]]:
    return [(each.plate, each.at, each.last_at) for each in reversed(everything(store))]


def test_what_an_owner_saw_after_the_move_is_refused(
    store: PassStore, counts: Counter[str], told: list[NewPass]
) -> None:
    late = seen("ABC123", 5, 9, epoch=1, crop=picture(), frame=picture())
    write(store, late, seen("ABC123", 5, 9, epoch=1, event="new"))
    assert kept(store) == []
    assert counts == {"refused": 2}
    assert told == []


def test_what_it_saw_before_is_kept_however_late_it_comes(store: PassStore) -> None:
    write(store, seen("ABC123", -300, -290, epoch=1), seen("DEF456", -9, -2, epoch=1))
    assert kept(store) == [("ABC123", at(-300), at(-290)), ("DEF456", at(-9), at(-2))]


def test_a_vehicle_that_stands_there_is_one_pass(
    store: PassStore, counts: Counter[str], told: list[NewPass], tmp_path: Path
) -> None:
    first = seen("ABC123", -40, -3, epoch=1)
    write(store, first)
    second = seen("ABC123", 4, 4, epoch=2, event="new")
    write(store, second)
    write(store, seen("ABC123", 4, 30, epoch=2, crop=picture(), frame=picture(), id=second.id))
    assert kept(store) == [("ABC123", at(-40), at(30))]
    assert counts == {"continued": 2}
    assert [(each.id, each.event) for each in told] == [
        (first.id, "end"),
        (first.id, "update"),
        (first.id, "update"),
    ]
    assert not list((tmp_path / "store").rglob("*.jpg"))


def test_so_it_is_where_the_first_owner_writes_last(store: PassStore) -> None:
    write(store, seen("ABC123", 4, 30, epoch=2))
    write(store, seen("ABC123", -40, -3, epoch=1))
    assert kept(store) == [("ABC123", at(-40), at(30))]


def test_and_where_both_are_written_at_once(store: PassStore) -> None:
    for _ in range(2):  # again, as after a crash
        store.add(seen("ABC123", -40, -3, epoch=1, id="1" * 32))
        store.add(seen("ABC123", 4, 30, epoch=2, id="2" * 32))
        assert store.written(30)
        assert kept(store) == [("ABC123", at(-40), at(30))]


def test_and_where_one_of_them_read_it_wrongly(store: PassStore) -> None:
    write(store, seen("ABC128", -40, -3, epoch=1, texts={"ABC123": 0.4, "ABC128": 0.6}))
    write(store, seen("ABC123", 4, 30, epoch=2))
    assert kept(store) == [("ABC128", at(-40), at(30))]


def test_other_vehicles_are_others(store: PassStore, counts: Counter[str]) -> None:
    write(store, seen("ABC123", -40, -3, epoch=1))
    write(store, seen("DEF456", 2, 9, epoch=2))
    write(store, seen("ABC123", 60, 70, epoch=2))  # it came again
    write(store, made("ABC123", at=at(3), last_at=at(3)))  # of a picture
    assert len(kept(store)) == 4
    assert not counts


def test_one_owner_sees_a_vehicle_twice(store: PassStore) -> None:
    write(store, seen("ABC123", 1, 3, epoch=2), seen("ABC123", 6, 9, epoch=2))
    assert len(kept(store)) == 2


def test_clocks_of_machines_do_not_matter(store: PassStore) -> None:
    """The first owner's was an hour slow: by the database's it saw it before the move, and then
    after it."""
    before, after = (
        replace(seen(text, -3640, -3603, epoch=1), turn=Turn(1, microseconds(at(seconds))))
        for text, seconds in (("ABC123", -3), ("DEF456", 6))
    )
    write(store, before, after)
    assert [plate for plate, _, _ in kept(store)] == ["ABC123"]


def test_two_machines_that_write_at_once(
    store: PassStore, empty_postgresql: str, tmp_path: Path
) -> None:
    other = PassStore(
        Settings(store_path=tmp_path / "other", database_url=empty_postgresql, store_days=0),
        prior=prior,
    )
    try:
        for number in range(10):
            text = f"ABC{number}00"
            store.add(seen(text, -40, -3, epoch=1))
            other.add(seen(text, 4, 30, epoch=2))
        assert store.written(30)
        assert other.written(30)
        assert len(kept(store)) == 10
    finally:
        other.close()

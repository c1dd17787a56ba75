"""Leases in a real PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from app.passes.cameras.leases import LeaseTable
from app.passes.store.database import migrate, open_database, postgresql_url
from app.passes.store.tables import CAMERA_LEASES, CAMERA_MEMBERS, CAMERA_TURNS
from tests.servers import eventually

CAMERAS = {"gate", "yard"}
LONG_S = 600.0
Tables = Callable[..., LeaseTable]


@pytest.fixture
def url(empty_postgresql: str) -> sa.URL:
    url = postgresql_url(empty_postgresql)
    migrate(url)
    return url


@pytest.fixture
def table(url: sa.URL) -> Iterator[Tables]:
    with ExitStack() as stack:

        def make(name: str, lease_s: float = LONG_S) -> LeaseTable:
            made = LeaseTable(url, name, lease_s=lease_s)
            stack.callback(made.close)
            return made

        yield make


def run_out(url: sa.URL, name: str) -> None:
    """As if a process had not renewed anything for long."""
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(
            sa.update(CAMERA_LEASES).where(CAMERA_LEASES.c.owner == name).values(until=0)
        )
        connection.execute(sa.delete(CAMERA_MEMBERS).where(CAMERA_MEMBERS.c.name == name))
    engine.dispose()


def test_an_owner_keeps_what_it_has_and_another_takes_it_when_it_is_dead(
    url: sa.URL, table: Tables
) -> None:
    one, two = table("one"), table("two")
    assert one.beat({"gate"})[0].held == {"gate": 1}
    assert one.beat({"gate"})[0].held == {"gate": 1}
    seen, _ = two.beat({"gate"})
    assert (seen.held, seen.owner("gate")) == ({}, "one")
    run_out(url, "one")
    assert two.beat({"gate"})[0].held == {"gate": 2}
    back, _ = one.beat({"gate"})
    assert (back.held, back.owner("gate")) == ({}, "two")


def test_a_lease_runs_out_by_itself(table: Tables) -> None:
    assert table("one", lease_s=0.2).beat({"gate"})[0].held == {"gate": 1}
    two = table("two")
    assert eventually(lambda: two.beat({"gate"})[0].held == {"gate": 2})


def test_one_that_comes_back_before_another_took_it_goes_on(url: sa.URL, table: Tables) -> None:
    one = table("one")
    one.beat({"gate"})
    run_out(url, "one")
    assert one.beat({"gate"})[0].held == {"gate": 1}


def test_a_clean_end_frees_at_once(table: Tables) -> None:
    one, two = table("one"), table("two")
    one.beat({"gate"})
    one.leave()
    assert two.beat({"gate"})[0].held == {"gate": 2}
    assert [member.name for member in two.beat({"gate"})[0].members] == ["two"]


def test_what_is_released_goes_to_the_other(table: Tables) -> None:
    one, two = table("one"), table("two")
    one.beat(CAMERAS)
    two.beat(CAMERAS)
    one.release(["gate"])
    assert two.beat(CAMERAS)[0].held == {"gate": 2}
    assert one.beat(CAMERAS)[0].held == {"yard": 1}


def test_a_camera_that_is_no_more_in_the_file_is_released(table: Tables) -> None:
    one, two = table("one"), table("two")
    one.beat(CAMERAS)
    assert one.beat({"yard"})[0].held == {"yard": 1}
    assert two.beat({"gate"})[0].held == {"gate": 2}


def test_of_many_who_try_one_gets_it(url: sa.URL, table: Tables) -> None:
    tables = [table(f"p{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        views = list(pool.map(lambda each: each.beat({"gate"})[0], tables))
    assert sum(len(view.held) for view in views) == 1
    engine = open_database(url)
    with engine.connect() as connection:
        assert len(connection.execute(sa.select(CAMERA_TURNS)).all()) == 1
    engine.dispose()


def test_the_clock_of_the_database(url: sa.URL, table: Tables) -> None:
    one = table("one")
    _, ahead = one.beat({"gate"})
    assert abs(ahead) < 60e6  # of one machine here

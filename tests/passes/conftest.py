"""Stores in SQLite and in PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.passes.store.database import open_database, postgresql_url
from app.passes.store.store import PassStore
from tests.passes.made import prior

StoreFactory = Callable[..., PassStore]
HOOKS = ("lost", "now", "observe", "matched", "gates", "tell", "committed", "fenced")


def another_database(url: str, name: str) -> str:
    """The URL of a database of that name, made now."""
    engine = open_database(postgresql_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty database, or None for the SQLite file."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("empty_postgresql")
    return url


@pytest.fixture
def make_store(tmp_path: Path) -> Iterator[StoreFactory]:
    """`make_store(now=..., **settings)`, with any of HOOKS; all share a folder."""
    with ExitStack() as stack:

        def make(**changes: Any) -> PassStore:
            hooks = {name: changes.pop(name) for name in HOOKS if name in changes}
            changed = Settings(store_path=tmp_path / "store", **changes)
            store = PassStore(changed, prior=prior, **hooks)
            stack.callback(store.close)
            return store

        yield make

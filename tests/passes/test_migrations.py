"""The tables that migrations make are those that the store uses."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.errors import StoreError
from app.passes.store.database import migrate, open_database, postgresql_url, sqlite_url
from app.passes.store.store import FILE
from app.passes.store.tables import METADATA
from tests.passes.conftest import StoreFactory


@pytest.fixture
def url(database: str | None, tmp_path: Path) -> sa.URL:
    (tmp_path / "store").mkdir()
    return sqlite_url(tmp_path / "store" / FILE) if database is None else postgresql_url(database)


def test_tables(url: sa.URL) -> None:
    for _ in range(2):  # the second time there is nothing to do
        migrate(url)
    engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_a_store_of_a_newer_version(
    url: sa.URL, database: str | None, make_store: StoreFactory
) -> None:
    migrate(url)
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer version"):
        make_store(database_url=database)

"""Opening the database, and bringing its tables up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.errors import StoreError, StoreUnavailable

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x4E5A414C  # of PostgreSQL's advisory locks: "NZAL"
_WAIT_S: Final = 5
_STATEMENT_MS: Final = 20_000
_SECONDS: Final = 2

NOW: Final = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
"""By the clock of PostgreSQL, in microseconds since 1970."""


def sqlite_url(file: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(file))


def postgresql_url(text: str) -> sa.URL:
    """Raises StoreError where it is no URL."""
    try:
        return sa.make_url(text).set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreError("ALPR_DATABASE_URL is no URL of a database.") from error


def open_database(url: sa.URL, **options: Any) -> sa.Engine:
    """An engine that reaches the database when it is first used."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": _WAIT_S}, **options)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    limits = f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_WAIT_S * 1000}"
    patience = {"connect_timeout": _WAIT_S, "options": limits}
    return sa.create_engine(url, pool_pre_ping=True, **{"connect_args": patience} | options)


def patient_for_seconds(url: sa.URL) -> sa.Engine:
    """PostgreSQL on one connection, for who has something to tell every few seconds: it must
    notice soon where nobody answers any more."""
    limits = f"-c statement_timeout={_SECONDS * 1000} -c lock_timeout={_SECONDS * 1000}"
    patience = {
        "connect_timeout": _SECONDS,
        "keepalives_idle": _SECONDS,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "tcp_user_timeout": _SECONDS * 1000,
        "options": limits,
    }
    return open_database(url, connect_args=patience, pool_size=1, max_overflow=0)


def migrate(url: sa.URL) -> None:
    """Bring the tables up to date. Processes that start together do it one after the other.

    Raises:
        StoreUnavailable: the database cannot be reached.
        StoreError: it was made by a newer version.
    """
    engine = open_database(url, poolclass=NullPool)
    if url.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", _leave_transactions)
        sa.event.listen(engine, "begin", _begin_immediately)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with translated(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def translated() -> Iterator[None]:
    """Raises StoreUnavailable where a database fails, StoreError where it is of a newer version."""
    try:
        yield
    except CommandError as error:
        raise StoreError("The store was made by a newer version of this service.") from error
    except (DBAPIError, sa.exc.TimeoutError) as error:
        raise StoreUnavailable("The store cannot be used now; try again.", retry_after=5) from error
    except SQLAlchemyError as error:
        raise StoreError("The store failed on this request.") from error


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of effect on a new file
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _leave_transactions(connection: Any, record: Any) -> None:
    connection.isolation_level = None


def _begin_immediately(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")

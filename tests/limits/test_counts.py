"""What processes count together, in a real file and a real PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.api.compat.usage import SharedUsage
from app.errors import StoreUnavailable
from app.limits.bucket import Taken
from app.limits.counts import FileRates, Rates
from app.passes.store.counts import DatabaseCounts
from app.passes.store.database import open_database, postgresql_url

NOTHING = Taken(0, 1, 0, 1000)


def taken(seconds: float) -> Taken:
    return Taken(seconds, within_s=1, ahead_s=seconds, most_s=1000)


@pytest.fixture(params=["file", "postgresql"])
def rates(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Rates]]:
    with ExitStack() as stack:

        def make() -> Rates:
            if request.param == "file":
                return FileRates(tmp_path / "usage.sqlite3")
            counts = DatabaseCounts(postgresql_url(request.getfixturevalue("empty_postgresql")))
            stack.callback(counts.close)
            return counts

        yield make


def test_processes_add_up(rates: Callable[[], Rates]) -> None:
    one, two = rates(), rates()
    assert one.exchange({"a": taken(100), "b": NOTHING})["b"] == 0
    both = two.exchange({"a": taken(50), "b": taken(7)})
    assert both == {"a": pytest.approx(150, abs=20), "b": pytest.approx(7, abs=1)}
    again = one.exchange({"a": NOTHING, "b": NOTHING})
    assert again == {"a": pytest.approx(150, abs=20), "b": pytest.approx(7, abs=5)}


def test_what_was_taken_outlives_the_process(rates: Callable[[], Rates]) -> None:
    rates().exchange({"a": taken(300)})
    assert rates().exchange({"a": NOTHING})["a"] == pytest.approx(300, abs=20)


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no such folder"):
        FileRates(tmp_path / "no such folder" / "usage").exchange({"a": taken(1)})


def test_calls_of_all_processes(empty_postgresql: str) -> None:
    url = postgresql_url(empty_postgresql)
    databases = [DatabaseCounts(url) for _ in range(2)]
    one, two = (SharedUsage(database.add) for database in databases)
    for _ in range(3):
        one.count()
    assert two.count().calls == 1
    one()
    two()
    assert (two.usage().calls, one.usage().calls) == (4, 3)
    one()
    assert one.count().total == 5
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE counts RENAME TO away"))
    with pytest.raises(StoreUnavailable):
        one()
    assert one.count().calls == 6
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO counts"))
    engine.dispose()
    one()
    two()
    assert two.usage().total == 6
    for database in databases:
        database.close()

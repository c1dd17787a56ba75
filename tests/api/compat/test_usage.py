import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from app.api.compat.usage import Usage, UsageCounter
from tests.api.conftest import ClientFactory


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody else can write meanwhile, as during a backup."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def stored(file: Path) -> int:
    with closing(sqlite3.connect(file)) as other:
        return int(other.execute("SELECT coalesce(sum(calls), 0) FROM usage").fetchone()[0])


def test_counts_in_a_file_are_shared_and_survive(tmp_path: Path) -> None:
    file = tmp_path / "usage.sqlite"
    counters = [UsageCounter(file) for _ in range(3)]  # as three processes have them

    def count(counter: UsageCounter) -> None:
        for _ in range(40):
            counter.count()

    threads = [Thread(target=count, args=(counter,)) for counter in counters for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for counter in counters:
        counter.close()
    again = UsageCounter(file)
    usage = again.usage()
    again.close()
    assert (usage.calls, usage.total) == (240, 240)


def test_counts_in_memory_are_of_one_counter() -> None:
    one, other = UsageCounter(None), UsageCounter(None)
    assert one.count().calls == 1
    assert one.usage().total == 1
    assert other.usage().total == 0
    one.close()
    other.close()


def test_calls_of_other_months_count_in_the_total_only(tmp_path: Path) -> None:
    counter = UsageCounter(tmp_path / "usage.sqlite")
    counter._database.execute("INSERT INTO usage VALUES ('2020-02', 5)")
    usage = counter.count()
    counter.close()
    assert (usage.calls, usage.total) == (1, 6)


@pytest.mark.parametrize(
    ("month", "resets_on"),
    [((2026, 11, 22), (2026, 12, 1)), ((2026, 12, 31), (2027, 1, 1)), ((2027, 1, 1), (2027, 2, 1))],
)
def test_a_month_ends_with_the_next(
    month: tuple[int, int, int], resets_on: tuple[int, int, int]
) -> None:
    moment = datetime(*month, 13, tzinfo=UTC)
    assert Usage(moment, 0, 0).resets_on == datetime(*resets_on, tzinfo=UTC)


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="usage file"):
        UsageCounter(tmp_path / "no such folder" / "usage.sqlite")
    (tmp_path / "text").write_text("this is no database, it is a text of some length " * 9)
    with pytest.raises(OSError, match="usage file"):
        UsageCounter(tmp_path / "text")


def test_calls_are_kept_while_the_file_is_locked(tmp_path: Path) -> None:
    file, now = tmp_path / "usage.sqlite", 100.0
    counter = UsageCounter(file, clock=lambda: now)
    counter.count()
    with locked(file):
        assert [counter.count().calls for _ in range(3)] == [2, 3, 4]
        assert counter.usage().total == 4
        assert stored(file) == 1
    assert counter.count().calls == 5  # too early to try again
    assert stored(file) == 1
    now += 60
    assert counter.count().calls == 6
    assert stored(file) == 6
    with locked(file):
        now += 60
        counter.count()
    counter.close()
    assert stored(file) == 7


@pytest.mark.parametrize(
    "fault",
    ["DROP TABLE usage", "ALTER TABLE usage RENAME COLUMN calls TO other", "lock"],
)
def test_a_finished_reading_is_answered_whatever_becomes_of_the_file(
    make_client: ClientFactory, tmp_path: Path, car_jpeg: bytes, fault: str
) -> None:
    file = tmp_path / "usage.sqlite"
    client = make_client(usage_file=file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE" if fault == "lock" else fault)
        for route in ("/v1/plate-reader/", "/v1/blur"):
            assert client.post(route, files={"upload": car_jpeg}).status_code == 200
        for route in ("/v1/statistics/", "/info/"):
            answer = client.get(route)
            assert answer.status_code == 200
            assert answer.json()["usage"]["calls"] == 2

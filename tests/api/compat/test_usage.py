from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from app.api.compat.usage import Usage, UsageCounter


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

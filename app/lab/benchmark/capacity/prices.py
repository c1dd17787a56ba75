"""What a million pictures cost, by a table that operators edit."""

import csv
from dataclasses import dataclass
from pathlib import Path

from app.errors import InvalidRequest

TABLE = Path(__file__).with_name("prices.csv")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a machine that is as busy as it may be; `source` and `date` are those of its price."""

    machine: str
    a_million: float
    currency: str
    source: str
    date: str


def costs(table: Path, *, rate: float, processors: int, busy: float) -> list[Cost]:
    """Of each machine of a table.

    Args:
        rate: most pictures a second on so many `processors`.
        busy: share of its time that it reads.

    Raises:
        InvalidRequest: the table is not right.
        OSError: it cannot be read.
    """
    found = []
    with table.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                a_second = rate * float(row["processors"]) / processors * busy
                a_million = float(row["price_an_hour"]) / 3600 / a_second * 1e6
                about = row["currency"], row["source"], row["date"]
                found.append(Cost(row["machine"], a_million, *about))
            except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
                raise InvalidRequest(f"{table}, line {number}: {error!r}") from error
    return found

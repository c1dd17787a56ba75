"""What processes count together, in PostgreSQL."""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.limits.bucket import Taken
from app.passes.store.database import NOW, migrate, patient_for_seconds, translated
from app.passes.store.tables import COUNTS

_RATE: Final = "rate"
_MICROSECONDS: Final = 1e6


class DatabaseCounts:
    """Not thread-safe. All raise StoreUnavailable."""

    def __init__(self, url: sa.URL) -> None:
        self._url, self._engine = url, patient_for_seconds(url)
        self._ready = False

    def exchange(self, taken: Mapping[str, Taken]) -> dict[str, float]:
        """As `app.limits.counts.Rates`, by the clock of the database."""
        self._prepare()
        counts = COUNTS.c
        mine = [counts.kind == _RATE, counts.name.in_(taken.keys())]
        with translated(), self._engine.begin() as connection:
            now = int(connection.execute(sa.select(NOW)).scalar_one())
            told = sorted(name for name, each in taken.items() if each.seconds)
            if told:
                row = [{"kind": _RATE, "name": name, "value": now} for name in told]
                connection.execute(insert(COUNTS).on_conflict_do_nothing(), row)
            query = sa.select(counts.name, counts.value).where(*mine).order_by(counts.name)
            rows = connection.execute(query.with_for_update() if told else query)
            known = {row.name: (row.value - now) / _MICROSECONDS for row in rows}
            together = {name: each.together(known.get(name, 0.0)) for name, each in taken.items()}
            for name in told:
                value = now + round(together[name] * _MICROSECONDS)
                connection.execute(
                    sa.update(COUNTS).where(counts.kind == _RATE, counts.name == name),
                    {"value": value},
                )
        return together

    def add(self, kind: str, counted: Mapping[str, int]) -> dict[str, int]:
        """Add to counts of a kind, and give all of them."""
        self._prepare()
        counts = COUNTS.c
        with translated(), self._engine.begin() as connection:
            for name, count in sorted(counted.items()):
                connection.execute(
                    insert(COUNTS)
                    .values(kind=kind, name=name, value=count)
                    .on_conflict_do_update(
                        index_elements=[counts.kind, counts.name],
                        set_={"value": counts.value + count},
                    )
                )
            query = sa.select(counts.name, counts.value).where(counts.kind == kind)
            return {row.name: row.value for row in connection.execute(query)}

    def close(self) -> None:
        self._engine.dispose()

    def _prepare(self) -> None:
        if not self._ready:
            migrate(self._url)
            self._ready = True

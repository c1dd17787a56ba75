"""Lists in the database: seen, changed, and filled from files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from app.errors import AlreadyListed, ListsFull, UnknownEntry, UnknownList
from app.passes.lists.entries import MAX_ENTRIES, MAX_LISTS, Entry, EntryDraft, ListDraft, PlateList
from app.passes.lists.rows import entry_of, entry_row, list_of, list_row
from app.passes.lists.tables import CHANGES, ENTRIES, LISTS
from app.passes.store.audit import Action, Audit
from app.passes.store.searching import make_cursor, read_cursor
from app.passes.store.texts import fold

_PAGE: Final = 500
_MANY: Final = 200
"""Rows named in one statement."""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """`cursor` asks for the next page; None at the last one."""

    entries: tuple[Entry, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of a file, and entries that were `removed` as it has them not."""

    added: int
    changed: int
    unchanged: int
    removed: int


class ListBook:
    """Thread-safe, and safe for processes that share the database.

    Everything raises StoreUnavailable where the database cannot be reached, UnknownList for a name
    that no list has, and is noted with `who` asked.
    """

    def __init__(
        self,
        engine: sa.Engine,
        audit: Audit,
        *,
        usable: Callable[[], AbstractContextManager[None]],
        now: Callable[[], float],
    ) -> None:
        """`usable` makes the database ready and translates what it raises; `now` is in seconds
        since 1970."""
        self._engine, self._audit, self._usable, self._now = engine, audit, usable, now

    def lists(self, *, who: str) -> list[PlateList]:
        """By their names."""
        with self._usable(), self._engine.connect() as connection:
            found = [list_of(row) for row in connection.execute(_counted().order_by(LISTS.c.name))]
        self._note(who, "lists", None, len(found))
        return found

    def get(self, name: str, *, who: str) -> PlateList:
        with self._usable(), self._engine.connect() as connection:
            found = _list(connection, name)
        self._note(who, "lists", found, 1)
        return found

    def create(self, name: str, draft: ListDraft, *, who: str) -> PlateList:
        """Raises AlreadyListed, ListsFull."""
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            names = set(connection.execute(sa.select(LISTS.c.name)).scalars())
            if name in names:
                raise AlreadyListed("There is a list of that name already.")
            if len(names) >= MAX_LISTS:
                raise ListsFull(f"There are {MAX_LISTS} lists, as many as there may be.")
            row = list_row(name, draft) | {"created_at": self._micros()}
            connection.execute(sa.insert(LISTS), row)
            created = _list(connection, name)
            self._note(who, "list_create", created, 1, within=connection)
            return created

    def change(self, name: str, draft: ListDraft, *, who: str) -> PlateList:
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            before = _list(connection, name)
            values = list_row(name, draft)
            connection.execute(sa.update(LISTS).where(LISTS.c.id == before.id).values(values))
            self._note(who, "list_change", before, 1, within=connection)
            return _list(connection, name)

    def delete(self, name: str, *, who: str) -> None:
        """With its entries. Passes that matched it keep what is told of that."""
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            gone = _list(connection, name)
            connection.execute(sa.delete(ENTRIES).where(ENTRIES.c.list_id == gone.id))
            connection.execute(sa.delete(LISTS).where(LISTS.c.id == gone.id))
            self._note(who, "list_delete", gone, gone.entries, within=connection)

    def entries(
        self, name: str, *, who: str, plate: str = "", limit: int = 50, cursor: str | None = None
    ) -> EntryPage:
        """By their plates; those that begin with `plate`, O being 0. Raises InvalidRequest."""
        head = fold(plate)
        with self._usable(), self._engine.connect() as connection:
            plate_list = _list(connection, name)
            query = sa.select(ENTRIES).where(ENTRIES.c.list_id == plate_list.id)
            if head:
                ceiling = head[:-1] + chr(ord(head[-1]) + 1)
                query = query.where(ENTRIES.c.plate_key >= head, ENTRIES.c.plate_key < ceiling)
            if cursor is not None:
                _, after = read_cursor(cursor, int)
                query = query.where(ENTRIES.c.id > after)
            rows = connection.execute(query.order_by(ENTRIES.c.id).limit(limit + 1)).all()
        self._note(who, "entries", plate_list, len(rows[:limit]), plate=head or None)
        following = make_cursor(0, rows[limit - 1].id) if len(rows) > limit else None
        return EntryPage(tuple(entry_of(row) for row in rows[:limit]), following)

    def entry(self, name: str, number: int, *, who: str) -> Entry:
        """Raises UnknownEntry."""
        with self._usable(), self._engine.connect() as connection:
            plate_list = _list(connection, name)
            found = _entry(connection, plate_list, number)
        self._note(who, "entries", plate_list, 1)
        return found

    def add(self, name: str, draft: EntryDraft, *, who: str) -> Entry:
        """Raises AlreadyListed, ListsFull."""
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            plate_list = _list(connection, name)
            if _number_of(connection, plate_list, draft.plate) is not None:
                raise AlreadyListed("That plate is in the list already.")
            _check_room(plate_list.entries + 1)
            connection.execute(sa.insert(ENTRIES), self._row(plate_list, draft))
            number = _number_of(connection, plate_list, draft.plate)
            assert number is not None
            key = fold(draft.plate)
            self._note(who, "entry_add", plate_list, 1, plate=key, within=connection)
            return _entry(connection, plate_list, number)

    def replace(self, name: str, number: int, draft: EntryDraft, *, who: str) -> Entry:
        """Raises UnknownEntry, and AlreadyListed where another entry has that plate."""
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            plate_list = _list(connection, name)
            _entry(connection, plate_list, number)
            if _number_of(connection, plate_list, draft.plate) not in (None, number):
                raise AlreadyListed("That plate is in the list already.")
            values = self._row(plate_list, draft)
            connection.execute(sa.update(ENTRIES).where(ENTRIES.c.id == number).values(values))
            key = fold(draft.plate)
            self._note(who, "entry_change", plate_list, 1, plate=key, within=connection)
            return _entry(connection, plate_list, number)

    def remove(self, name: str, number: int, *, who: str) -> None:
        """Raises UnknownEntry."""
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            plate_list = _list(connection, name)
            gone = _entry(connection, plate_list, number)
            connection.execute(sa.delete(ENTRIES).where(ENTRIES.c.id == number))
            key = fold(gone.draft.plate)
            self._note(who, "entry_delete", plate_list, 1, plate=key, within=connection)

    def fill(self, name: str, drafts: Sequence[EntryDraft], *, only: bool, who: str) -> Imported:
        """Put entries in, instead of those with the same plates; `only` these stay. All or none.

        Raises ListsFull.
        """
        with self._usable(), self._engine.begin() as connection:
            _count_up(connection)
            plate_list = _list(connection, name)
            query = sa.select(ENTRIES).where(ENTRIES.c.list_id == plate_list.id)
            before = {
                entry.draft.plate: entry for entry in map(entry_of, connection.execute(query))
            }
            new = [draft for draft in drafts if draft.plate not in before]
            changed = [
                (before[draft.plate].id, draft)
                for draft in drafts
                if draft.plate in before and before[draft.plate].draft != draft
            ]
            kept = {draft.plate for draft in drafts}
            gone = [each.id for plate, each in before.items() if only and plate not in kept]
            _check_room(len(before) - len(gone) + len(new))
            for numbers in _chunks(gone):
                connection.execute(sa.delete(ENTRIES).where(ENTRIES.c.id.in_(numbers)))
            if new:
                connection.execute(
                    sa.insert(ENTRIES), [self._row(plate_list, draft) for draft in new]
                )
            for number, draft in changed:
                values = self._row(plate_list, draft)
                connection.execute(sa.update(ENTRIES).where(ENTRIES.c.id == number).values(values))
            done = Imported(
                len(new), len(changed), len(drafts) - len(new) - len(changed), len(gone)
            )
            self._note(who, "import", plate_list, len(drafts), within=connection)
            return done

    def export(self, name: str, *, who: str) -> Iterator[Entry]:
        """All entries. It is noted before the first."""
        with self._usable(), self._engine.connect() as connection:
            plate_list = _list(connection, name)
        self._note(who, "list_export", plate_list, plate_list.entries)
        after = 0
        while True:
            with self._usable(), self._engine.connect() as connection:
                query = sa.select(ENTRIES).where(
                    ENTRIES.c.list_id == plate_list.id, ENTRIES.c.id > after
                )
                rows = connection.execute(query.order_by(ENTRIES.c.id).limit(_PAGE)).all()
            yield from map(entry_of, rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1].id

    def _row(self, plate_list: PlateList, draft: EntryDraft) -> dict[str, Any]:
        return entry_row(plate_list, draft) | {"changed_at": self._micros()}

    def _micros(self) -> int:
        return int(self._now() * 1e6)

    def _note(
        self,
        who: str,
        action: Action,
        plate_list: PlateList | None,
        results: int,
        *,
        plate: str | None = None,
        within: sa.Connection | None = None,
    ) -> None:
        detail = {} if plate_list is None else {"list": plate_list.name}
        with self._usable():
            self._audit.note(
                who, action, plate=plate, detail=detail, results=results, within=within
            )


def _count_up(connection: sa.Connection) -> None:
    """Before anything else in a change, so that changes come one after the other."""
    connection.execute(sa.update(CHANGES).values(number=CHANGES.c.number + 1))


def _counted() -> sa.Select[Any]:
    entries = sa.select(sa.func.count()).where(ENTRIES.c.list_id == LISTS.c.id).scalar_subquery()
    return sa.select(LISTS, entries.label("entries"))


def _list(connection: sa.Connection, name: str) -> PlateList:
    row = connection.execute(_counted().where(LISTS.c.name == name)).one_or_none()
    if row is None:
        raise UnknownList("There is no list of that name.")
    return list_of(row)


def _entry(connection: sa.Connection, plate_list: PlateList, number: int) -> Entry:
    query = sa.select(ENTRIES).where(ENTRIES.c.id == number, ENTRIES.c.list_id == plate_list.id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownEntry("The list has no such entry.")
    return entry_of(row)


def _number_of(connection: sa.Connection, plate_list: PlateList, plate: str) -> int | None:
    query = sa.select(ENTRIES.c.id).where(
        ENTRIES.c.list_id == plate_list.id, ENTRIES.c.plate == plate
    )
    return connection.execute(query).scalar_one_or_none()


def _check_room(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise ListsFull(f"A list has at most {MAX_ENTRIES} entries.")


def _chunks(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = list(numbers)
    for first in range(0, len(rest), _MANY):
        yield rest[first : first + _MANY]

"""Lists and entries as rows of the tables, and back."""

from typing import Any

import sqlalchemy as sa

from app.passes.lists.entries import Entry, EntryDraft, ListDraft, PlateList
from app.passes.store.tables import microseconds, moment
from app.passes.store.texts import fold


def list_row(name: str, draft: ListDraft) -> dict[str, Any]:
    return draft.model_dump() | {"name": name}


def list_of(row: sa.Row[Any]) -> PlateList:
    draft = ListDraft.model_construct(
        kind=row.kind,
        description=row.description,
        time_zone=row.time_zone,
        min_probability=row.min_probability,
    )
    return PlateList(row.id, row.name, draft, moment(row.created_at), row.entries)


def entry_row(plate_list: PlateList, draft: EntryDraft) -> dict[str, Any]:
    begin, end = draft.valid_from, draft.valid_until
    return draft.model_dump() | {
        "list_id": plate_list.id,
        "plate_key": fold(draft.plate),
        "valid_from": None if begin is None else microseconds(begin),
        "valid_until": None if end is None else microseconds(end),
        "cameras": list(draft.cameras),
    }


def entry_of(row: sa.Row[Any]) -> Entry:
    begin, end = row.valid_from, row.valid_until
    draft = EntryDraft.model_construct(
        plate=row.plate,
        owner=row.owner,
        notes=row.notes,
        valid_from=None if begin is None else moment(begin),
        valid_until=None if end is None else moment(end),
        hours=row.hours,
        cameras=tuple(row.cameras),
    )
    return Entry(row.id, draft, moment(row.changed_at))

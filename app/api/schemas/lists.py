"""The bodies of requests and answers about lists of plates."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.passes.lists.book import EntryPage, Imported
from app.passes.lists.entries import Entry, EntryDraft, ListDraft, ListName, PlateList
from app.passes.lists.files import FileForm

MAX_PAGE = 500
MAX_FILE_BYTES = 10_000_000


class NewList(ListDraft):
    name: ListName = Field(examples=["residents"])


class ListBody(ListDraft):
    """A list of plates."""

    name: str
    entries: int = Field(description="How many there are.")
    created_at: datetime


class ListsBody(BaseModel):
    lists: list[ListBody]


class EntryBody(EntryDraft):
    """A plate of a list."""

    id: int
    changed_at: datetime


class EntryPageBody(BaseModel):
    entries: list[EntryBody]
    next: str | None = Field(description="`cursor` of the next page; null at the last one.")


class EntriesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plate: str = Field(
        "", max_length=40, description="What the plate begins with; O is 0.", examples=["ABC"]
    )
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Entries of a page.")
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before.")


class ImportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    form: FileForm = Field("csv", description="`frigate`: YAML with `known_plates`.")
    mode: Literal["add", "replace"] = Field(
        "add", description="`replace` also removes what the file does not have."
    )


class FileQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    form: FileForm = "csv"


class ImportedBody(BaseModel):
    added: int
    changed: int
    unchanged: int
    removed: int
    ignored_columns: list[str] = Field(description="Columns that mean nothing here.")


def list_body(plate_list: PlateList) -> ListBody:
    return ListBody.model_construct(
        **plate_list.draft.model_dump(),
        name=plate_list.name,
        entries=plate_list.entries,
        created_at=plate_list.created_at,
    )


def entry_body(entry: Entry) -> EntryBody:
    return EntryBody.model_construct(
        **entry.draft.model_dump(), id=entry.id, changed_at=entry.changed_at
    )


def entry_page(page: EntryPage) -> EntryPageBody:
    return EntryPageBody(entries=[entry_body(each) for each in page.entries], next=page.cursor)


def imported_body(done: Imported, ignored: tuple[str, ...]) -> ImportedBody:
    return ImportedBody(
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
        removed=done.removed,
        ignored_columns=list(ignored),
    )

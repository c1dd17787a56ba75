"""`/lists`: plates that are expected, looked for, or left alone. There only with a store."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.api.access import MANAGES_LISTS, Shared, Who
from app.api.asking import asked
from app.api.errors import documented
from app.api.schemas.lists import (
    MAX_FILE_BYTES,
    EntriesQuery,
    EntryBody,
    EntryPageBody,
    FileQuery,
    ImportedBody,
    ImportQuery,
    ListBody,
    ListsBody,
    NewList,
    entry_body,
    entry_page,
    imported_body,
    list_body,
)
from app.api.transport.bodies import is_multipart, read_bytes, read_json, read_multipart
from app.errors import InvalidRequest
from app.passes.lists.book import Imported
from app.passes.lists.entries import Entry, EntryDraft, ListDraft
from app.passes.lists.files import read_file, written
from app.passes.store.store import PassStore

router = APIRouter(
    prefix="/lists",
    tags=["lists"],
    dependencies=[Depends(MANAGES_LISTS)],
    responses=documented(401, 403, 404, 408, 409, 413, 422, 500, 503),
)

Name = Annotated[str, Path(max_length=64, examples=["residents"])]
Number = Annotated[int, Path(ge=1, lt=1 << 62)]
_DOWNLOADS = {"csv": ("text/csv; charset=utf-8", "csv"), "frigate": ("application/yaml", "yml")}
_TEXT = {"schema": {"type": "string"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    }
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": _TEXT, "application/yaml": _TEXT, "multipart/form-data": _FORM},
    }
}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI of a body that the route reads itself, after authentication."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


@router.get("", summary="All lists")
async def lists(service: Shared, who: Who) -> ListsBody:
    found = await asked(service, lambda store: store.lists.lists(who=who))
    return ListsBody(lists=[list_body(each) for each in found])


@router.post(
    "", summary="Make a list", status_code=HTTPStatus.CREATED, openapi_extra=_json(NewList)
)
async def create(request: Request, service: Shared, who: Who) -> ListBody:
    body = await read_json(request, NewList, timeout=service.settings.upload_timeout)
    draft = ListDraft.model_validate(body.model_dump(exclude={"name"}))
    return list_body(
        await asked(service, lambda store: store.lists.create(body.name, draft, who=who))
    )


@router.get("/{name}", summary="One list")
async def show(service: Shared, who: Who, name: Name) -> ListBody:
    return list_body(await asked(service, lambda store: store.lists.get(name, who=who)))


@router.put("/{name}", summary="Change a list", openapi_extra=_json(ListDraft))
async def change(request: Request, service: Shared, who: Who, name: Name) -> ListBody:
    body = await read_json(request, ListDraft, timeout=service.settings.upload_timeout)
    return list_body(await asked(service, lambda store: store.lists.change(name, body, who=who)))


@router.delete("/{name}", summary="Delete a list", status_code=HTTPStatus.NO_CONTENT)
async def delete(service: Shared, who: Who, name: Name) -> None:
    """With its entries. Passes that matched it keep what is told of that."""
    await asked(service, lambda store: store.lists.delete(name, who=who))


@router.get("/{name}/entries", summary="Plates of a list")
async def entries(
    service: Shared, who: Who, name: Name, query: Annotated[EntriesQuery, Query()]
) -> EntryPageBody:
    return entry_page(
        await asked(
            service,
            lambda store: store.lists.entries(
                name, who=who, plate=query.plate, limit=query.limit, cursor=query.cursor
            ),
        )
    )


@router.post(
    "/{name}/entries",
    summary="Add a plate",
    status_code=HTTPStatus.CREATED,
    openapi_extra=_json(EntryDraft),
)
async def add(request: Request, service: Shared, who: Who, name: Name) -> EntryBody:
    body = await read_json(request, EntryDraft, timeout=service.settings.upload_timeout)
    return entry_body(await asked(service, lambda store: store.lists.add(name, body, who=who)))


@router.get("/{name}/entries/{number}", summary="One plate of a list")
async def entry(service: Shared, who: Who, name: Name, number: Number) -> EntryBody:
    return entry_body(await asked(service, lambda store: store.lists.entry(name, number, who=who)))


@router.put(
    "/{name}/entries/{number}",
    summary="Change what is said of a plate",
    openapi_extra=_json(EntryDraft),
)
async def replace(
    request: Request, service: Shared, who: Who, name: Name, number: Number
) -> EntryBody:
    body = await read_json(request, EntryDraft, timeout=service.settings.upload_timeout)
    return entry_body(
        await asked(service, lambda store: store.lists.replace(name, number, body, who=who))
    )


@router.delete(
    "/{name}/entries/{number}", summary="Remove a plate", status_code=HTTPStatus.NO_CONTENT
)
async def remove(service: Shared, who: Who, name: Name, number: Number) -> None:
    await asked(service, lambda store: store.lists.remove(name, number, who=who))


@router.post("/{name}/import", summary="Fill a list from a file", openapi_extra=_FILE)
async def fill(
    request: Request,
    service: Shared,
    who: Who,
    name: Name,
    query: Annotated[ImportQuery, Query()],
) -> ImportedBody:
    """CSV with a head line, a plate a line, or Frigate's YAML; as the whole body, or as `file` of a
    form. All rows or none: a fault is told with its line and field."""
    data = await _sent_file(request, service.settings.upload_timeout)

    def read(store: PassStore) -> tuple[Imported, tuple[str, ...]]:
        found = read_file(data, query.form, store.lists.get(name, who=who))
        only = query.mode == "replace"
        return store.lists.fill(name, found.drafts, only=only, who=who), found.ignored

    return imported_body(*await asked(service, read))


async def _sent_file(request: Request, timeout: float) -> bytes:
    if not is_multipart(request):
        return await read_bytes(request, max_bytes=MAX_FILE_BYTES, timeout=timeout)
    parts = await read_multipart(request, max_files=1, max_bytes=MAX_FILE_BYTES, timeout=timeout)
    files = [bytes(part.data) for part in parts if part.name == "file"]
    if len(files) != 1:
        raise InvalidRequest("The form has not one file in the field 'file'.")
    return files[0]


@router.get(
    "/{name}/export",
    summary="A list as a file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "CSV with a head line, or the `known_plates` of Frigate.",
            "content": {kind: _TEXT for kind, _ in _DOWNLOADS.values()},
        }
    },
)
async def export(
    service: Shared, who: Who, name: Name, query: Annotated[FileQuery, Query()]
) -> Response:
    def read(store: PassStore) -> list[Entry]:
        return list(store.lists.export(name, who=who))

    kind, suffix = _DOWNLOADS[query.form]
    return StreamingResponse(
        written(await asked(service, read), query.form),
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="plates.{suffix}"'},
    )

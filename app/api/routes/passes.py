"""`/passes`: what was kept, found again, exported and deleted. There only with `ALPR_STORE=on`."""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import chain, islice
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from app.api.access import ADMINISTERS, SEES_PASSES, Shared, Who
from app.api.asking import asked
from app.api.errors import documented
from app.api.schemas.passes import (
    AuditPage,
    CorrectionRequest,
    ErasedBody,
    ExportQuery,
    PageQuery,
    PassPage,
    SearchQuery,
    StoredPassBody,
    audit_page,
    csv_head,
    csv_lines,
    pass_page,
    stored_body,
)
from app.api.service import Service
from app.passes.store.correcting import labelled
from app.passes.store.pictures import MEDIA_TYPES, PictureKind
from app.passes.store.searching import StoredPass
from app.passes.store.store import PassStore

_CHUNK = 500
_DOWNLOADS = {
    "csv": ("text/csv; charset=utf-8", "passes.csv"),
    "jsonl": ("application/x-ndjson", "passes.jsonl"),
    "labelled": ("application/zip", "labelled.zip"),
}

router = APIRouter(
    prefix="/passes",
    tags=["passes"],
    dependencies=[Depends(SEES_PASSES)],
    responses=documented(401, 403, 422, 500, 503),
)


@router.get("", summary="Search passes")
async def search(service: Shared, who: Who, query: Annotated[SearchQuery, Query()]) -> PassPage:
    """Newest first; of a fuzzy search the most probable first. Each search is noted."""
    wanted = query.wanted(min_probability=query.min_probability)
    return pass_page(
        await asked(
            service,
            lambda store: store.find(wanted, who=who, limit=query.limit, cursor=query.cursor),
        )
    )


@router.get(
    "/export",
    summary="Export passes",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "CSV with a head line, a JSON object a line, as in a search, or a ZIP.",
            "content": {kind: {"schema": {"type": "string"}} for kind, _ in _DOWNLOADS.values()},
        }
    },
)
async def export(service: Shared, who: Who, query: Annotated[ExportQuery, Query()]) -> Response:
    """All that the filter finds, newest first. It is noted."""
    wanted, form = query.wanted(), query.form
    if form == "labelled":
        wanted = replace(wanted, corrected=True)

    def begin(store: PassStore) -> Iterator[str] | Iterator[bytes]:
        found = store.export(wanted, who=who)
        first = list(islice(found, _CHUNK))  # so that a failure has a status
        if form == "labelled":
            return labelled(chain(first, found), store.picture_of)
        return _exported(first, found, form)

    media_type, name = _DOWNLOADS[form]
    return StreamingResponse(
        await asked(service, begin),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/audit", summary="Who searched what", dependencies=[Depends(ADMINISTERS)])
async def audit(service: Shared, who: Who, query: Annotated[PageQuery, Query()]) -> AuditPage:
    lines, following = await asked(
        service, lambda store: store.audit(who=who, limit=query.limit, cursor=query.cursor)
    )
    return audit_page(lines, following)


@router.delete("", summary="Erase a plate", dependencies=[Depends(ADMINISTERS)])
async def erase(
    service: Shared,
    who: Who,
    plate: Annotated[str, Query(min_length=1, max_length=40, examples=["ABC123"])],
) -> ErasedBody:
    """Delete all passes that were read as this plate, with their pictures, and its name in the
    notes of searches. Passes that were read otherwise stay: a fuzzy search finds them."""
    return ErasedBody(erased=await asked(service, lambda store: store.erase(plate, who=who)))


@router.get("/{pass_id:uuid}", summary="One pass", responses=documented(404))
async def show(service: Shared, who: Who, pass_id: UUID) -> StoredPassBody:
    return stored_body(await asked(service, lambda store: store.get(pass_id.hex, who=who)))


@router.put("/{pass_id:uuid}/correction", summary="Correct a plate", responses=documented(404))
async def correct(
    service: Shared, who: Who, pass_id: UUID, body: CorrectionRequest
) -> StoredPassBody:
    """Say what the plate is. It is kept beside the reading, is found by searches, and is a label
    of `export?form=labelled`. A right reading is confirmed by its own text."""
    return stored_body(
        await asked(service, lambda store: store.correct(pass_id.hex, body.plate, who=who))
    )


@router.delete(
    "/{pass_id:uuid}/correction", summary="Take a correction back", responses=documented(404)
)
async def take_back(service: Shared, who: Who, pass_id: UUID) -> StoredPassBody:
    back = await asked(service, lambda store: store.correct(pass_id.hex, None, who=who))
    return stored_body(back)


@router.delete(
    "/{pass_id:uuid}",
    summary="Delete one pass",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[Depends(ADMINISTERS)],
    responses=documented(404),
)
async def delete(service: Shared, who: Who, pass_id: UUID) -> None:
    await asked(service, lambda store: store.delete(pass_id.hex, who=who))


_PICTURE = {
    200: {
        "description": "The picture.",
        "content": {kind: {} for kind in MEDIA_TYPES.values()},
    },
    **documented(404),
}


@router.get(
    "/{pass_id:uuid}/crop",
    summary="Picture of the plate",
    response_class=Response,
    responses=_PICTURE,
)
async def crop(service: Shared, who: Who, pass_id: UUID) -> Response:
    return await _picture(service, who, pass_id, "crop")


@router.get(
    "/{pass_id:uuid}/frame",
    summary="The whole picture",
    response_class=Response,
    responses=_PICTURE,
)
async def frame(service: Shared, who: Who, pass_id: UUID) -> Response:
    return await _picture(service, who, pass_id, "frame")


async def _picture(service: Service, who: str, pass_id: UUID, kind: PictureKind) -> Response:
    picture = await asked(service, lambda store: store.picture(pass_id.hex, kind, who=who))
    return Response(
        picture.data,
        media_type=MEDIA_TYPES[picture.suffix],
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )


def _exported(first: list[StoredPass], rest: Iterator[StoredPass], form: str) -> Iterator[str]:
    if form == "csv":
        yield csv_head()
    chunk = first
    while chunk:
        if form == "csv":
            yield csv_lines(chunk)
        else:
            yield "".join(stored_body(kept).model_dump_json() + "\n" for kept in chunk)
        chunk = list(islice(rest, _CHUNK))

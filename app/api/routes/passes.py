"""`/passes`: what was kept, found again, exported and deleted. There only with `ALPR_STORE=on`."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from app.api.access import ADMINISTERS, SEES_PASSES, Shared, Who
from app.api.asking import asked
from app.api.errors import documented
from app.api.schemas.passes import (
    AuditPage,
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
from app.passes.store.pictures import MEDIA_TYPES, PictureKind
from app.passes.store.searching import StoredPass
from app.passes.store.store import PassStore

_CHUNK = 500
_DOWNLOADS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

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
            "description": "CSV with a head line, or a JSON object a line, as in a search.",
            "content": {kind: {"schema": {"type": "string"}} for kind in _DOWNLOADS.values()},
        }
    },
)
async def export(service: Shared, who: Who, query: Annotated[ExportQuery, Query()]) -> Response:
    """All that the filter finds, newest first. It is noted."""
    wanted = query.wanted()

    def begin(store: PassStore) -> tuple[list[StoredPass], Iterator[StoredPass]]:
        found = store.export(wanted, who=who)
        return list(islice(found, _CHUNK)), found

    first, rest = await asked(service, begin)  # so that a failure has a status
    return StreamingResponse(
        _exported(first, rest, query.form),
        media_type=_DOWNLOADS[query.form],
        headers={"Content-Disposition": f'attachment; filename="passes.{query.form}"'},
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

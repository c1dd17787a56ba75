"""`/gates`: which there are, and what they decided. There only with `ALPR_GATES_FILE`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.access import SEES_PASSES, Shared, Who
from app.api.asking import asked
from app.api.errors import documented
from app.api.schemas.gates import (
    DecisionPage,
    DecisionsQuery,
    GatesBody,
    decision_page,
    gate_body,
)

router = APIRouter(
    prefix="/gates",
    tags=["gates"],
    dependencies=[Depends(SEES_PASSES)],
    responses=documented(401, 403, 422, 500, 503),
)


@router.get("", summary="Gates as the file has them")
async def gates(service: Shared) -> GatesBody:
    known, notifier, file = service.gates, service.notifier, service.gates_file
    assert known is not None, "these routes are there only with gates"
    assert notifier is not None, "gates need targets"
    return GatesBody(
        gates=[
            gate_body(rule, has_target=notifier.has(rule.config.open))
            for _, rule in sorted(known.rules.rules.items())
        ],
        error=None if file is None else file.error,
    )


@router.get("/decisions", summary="What gates decided, and why")
async def decisions(
    service: Shared, who: Who, query: Annotated[DecisionsQuery, Query()]
) -> DecisionPage:
    """Newest first. It is noted in the audit."""
    found, following = await asked(
        service,
        lambda store: store.gate_decisions.page(
            who=who, gate=query.gate, reason=query.reason, limit=query.limit, cursor=query.cursor
        ),
    )
    return decision_page(found, following)

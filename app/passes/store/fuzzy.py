"""Passes that may show a plate, by how probable that is.

Those are looked at of which some text (the plate, a candidate, what a frame was read as) is near
the one searched. How probable it is comes from what was kept of them: the probability of the plate
where it is the answer or a candidate, else from the evidence, by how many times likelier the looks
are if the vehicle shows the answer.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from app.nz.evidence import Evidence
from app.passes.store.searching import (
    SHOWN,
    Page,
    PassFilter,
    conditions,
    list_conditions,
    make_cursor,
    read_cursor,
    stored,
)
from app.passes.store.tables import EVIDENCE, PASSES, TEXTS
from app.passes.store.texts import asked_plate, fold, neighbours
from app.passes.store.weighing import Prior, Priors, weigh

NEWEST: Final = 5000
"""Passes near a plate that are looked at, the newest of them."""
WEIGHED: Final = 150
"""Of those, passes whose evidence is looked at; what is nearest comes first."""


@dataclass(slots=True)
class _Near:
    """A pass with a text near the one that is searched."""

    seq: int
    key: str
    confidence: float
    listed: float | None = None
    likest: float = 0.0
    exact_read: bool = False


def find_probable(
    connection: sa.Connection,
    wanted: PassFilter,
    prior: Prior,
    *,
    limit: int,
    cursor: str | None,
) -> Page:
    """Most probable first. Raises InvalidRequest."""
    folded = asked_plate(wanted.plate or "")
    after = None if cursor is None else read_cursor(cursor, float, int)
    near = _near(connection, wanted, folded)
    probabilities = {
        **{each.seq: each.listed for each in near.values() if each.listed is not None},
        **_weighed(connection, folded, prior, near),
        **_corrected(connection, wanted, folded),
    }
    ranked = sorted(
        (
            (-round(probability, 9), -seq)
            for seq, probability in probabilities.items()
            if probability >= wanted.min_probability
        ),
    )
    if after is not None:
        ranked = [place for place in ranked if place > after]
    shown = ranked[:limit]
    rows = {
        row.seq: row
        for row in connection.execute(
            sa.select(*SHOWN).where(PASSES.c.seq.in_([-seq for _, seq in shown]))
        )
    }
    following = make_cursor(*shown[-1]) if len(ranked) > limit else None
    passes = [stored(rows[-seq], -probability) for probability, seq in shown if -seq in rows]
    return Page(tuple(passes), following)


def _near(connection: sa.Connection, wanted: PassFilter, folded: str) -> dict[int, _Near]:
    # The texts are few, whatever the planner thinks: no other index may lead, hence the
    # expressions where columns would do.
    filters = [
        sa.func.coalesce(each, sa.false())
        for each in (*conditions(wanted), *list_conditions(wanted))
    ]
    rows = connection.execute(
        sa.select(
            PASSES.c.seq, PASSES.c.plate_key, PASSES.c.confidence, TEXTS.c.text, TEXTS.c.probability
        )
        .select_from(TEXTS)
        .join(PASSES, PASSES.c.seq == TEXTS.c.pass_seq)
        .where(
            TEXTS.c.text.in_(sorted(neighbours(folded))),
            PASSES.c.correction.is_(None),
            *filters,
        )
        .order_by((PASSES.c.seq + 0).desc())
        .limit(NEWEST)
    )
    found: dict[int, _Near] = {}
    for row in rows:
        each = found.setdefault(row.seq, _Near(row.seq, row.plate_key, row.confidence))
        if row.text != folded:
            each.likest = max(each.likest, row.probability)
        elif row.probability > 0:
            each.listed = row.probability
        else:
            each.exact_read = True
    return found


def _corrected(connection: sa.Connection, wanted: PassFilter, folded: str) -> dict[int, float]:
    """Passes of which a person says that they show the plate. What others were corrected to is
    another plate, whatever was read."""
    rows = connection.execute(
        sa.select(PASSES.c.seq)
        .where(PASSES.c.correction_key == folded, *conditions(wanted), *list_conditions(wanted))
        .order_by(PASSES.c.at.desc())
        .limit(NEWEST)
    )
    return dict.fromkeys(rows.scalars(), 1.0)


def _weighed(
    connection: sa.Connection, folded: str, prior: Prior, near: dict[int, _Near]
) -> dict[int, float]:
    """Probabilities of those that do not have the plate among their candidates."""
    open_ones = [each for each in near.values() if each.listed is None]
    # What was read so itself first; then, where the answer is least sure, another is likeliest.
    open_ones.sort(key=lambda each: (not each.exact_read, each.confidence, -each.seq))
    chosen = {each.seq: each for each in open_ones[:WEIGHED]}
    if not chosen:
        return {}
    rows = connection.execute(
        sa.select(EVIDENCE, PASSES.c.plate)
        .join(PASSES, PASSES.c.seq == EVIDENCE.c.pass_seq)
        .where(EVIDENCE.c.pass_seq.in_(chosen))
    )
    known = Priors(prior)
    return {row.pass_seq: _probability(row, folded, known, chosen[row.pass_seq]) for row in rows}


def _probability(row: sa.Row[Any], folded: str, priors: Priors, near: _Near) -> float:
    (found,) = weigh(
        Evidence.from_bytes(row.evidence),
        [folded],
        answer=fold(row.plate),
        confidence=near.confidence,
        small_plate=row.small_plate,
        floor=-math.inf if row.floor is None else row.floor,
        priors=priors,
    )
    return found

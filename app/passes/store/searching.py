"""Finding passes."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from app.errors import InvalidRequest
from app.passes.store.pictures import PictureKind
from app.passes.store.privacy import Privacy
from app.passes.store.tables import MATCHES, PASSES, microseconds, moment
from app.passes.store.texts import WILD, asked_plate

Match = Literal["exact", "prefix", "wildcard", "fuzzy"]


@dataclass(frozen=True, slots=True)
class PassFilter:
    """What is searched; None and empty for no matter.

    `since` is included, `until` is not; both are of the pass's first frame and have a time zone.
    """

    plate: str | None = None
    match: Match = "exact"
    cameras: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    formats: tuple[str, ...] = ()
    min_confidence: float | None = None
    min_probability: float = 0.01
    list: str | None = None
    corrected: bool | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says that a plate is; `by` names their key."""

    plate: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredPass:
    """A pass as it is kept; `plate` is None where hashes are kept instead, `plate_hash` otherwise.

    `crop` and `frame` are suffixes of its pictures. `probability` is that it shows the plate of a
    fuzzy search.
    """

    seq: int
    id: str
    source: str
    camera: str | None
    at: datetime
    last_at: datetime
    plate: str | None
    plate_hash: str | None
    format: str | None
    confidence: float
    detail: dict[str, Any]
    crop: str | None
    frame: str | None
    correction: Correction | None
    probability: float | None = None

    def suffix(self, kind: PictureKind) -> str | None:
        return self.crop if kind == "crop" else self.frame


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` asks for the next page; None at the last one."""

    passes: tuple[StoredPass, ...]
    cursor: str | None


_READ: Final = PASSES.c.plate_key
_CORRECTED: Final = PASSES.c.correction_key
SHOWN: Final = tuple(
    column for column in PASSES.c if column.name not in ("bytes", "correction_key")
)


def stored(row: sa.Row[Any], probability: float | None = None) -> StoredPass:
    """Of a row of `SHOWN`."""
    return StoredPass(
        seq=row.seq,
        id=row.id,
        source=row.source,
        camera=row.camera,
        at=moment(row.at),
        last_at=moment(row.last_at),
        plate=row.plate,
        plate_hash=row.plate_key if row.plate is None else None,
        format=row.format,
        confidence=row.confidence,
        detail=row.detail,
        crop=row.crop,
        frame=row.frame,
        correction=_correction(row),
        probability=probability,
    )


def _correction(row: sa.Row[Any]) -> Correction | None:
    if row.correction is None:
        return None
    return Correction(row.correction, row.corrected_by, moment(row.corrected_at))


def conditions(wanted: PassFilter) -> list[sa.ColumnElement[bool]]:
    """All but that of the plate."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.cameras:
        found.append(PASSES.c.camera.in_(wanted.cameras))
    if wanted.since is not None:
        found.append(PASSES.c.at >= microseconds(wanted.since))
    if wanted.until is not None:
        found.append(PASSES.c.at < microseconds(wanted.until))
    if wanted.formats:
        found.append(PASSES.c.format.in_(wanted.formats))
    if wanted.min_confidence is not None:
        found.append(PASSES.c.confidence >= wanted.min_confidence)
    if wanted.corrected:
        found.append(PASSES.c.seq.in_(sa.select(PASSES.c.seq).where(_CORRECTED.is_not(None))))
    elif wanted.corrected is not None:
        found.append(_CORRECTED.is_(None))
    return found


def list_conditions(wanted: PassFilter) -> Sequence[sa.ColumnElement[bool]]:
    """That it matched the list, where one is asked for."""
    if wanted.list is None:
        return ()
    matched = sa.select(MATCHES.c.pass_seq).where(
        MATCHES.c.list == wanted.list, MATCHES.c.pass_seq == PASSES.c.seq
    )
    return (matched.exists(),)


def find_page(
    connection: sa.Connection,
    wanted: PassFilter,
    privacy: Privacy,
    *,
    limit: int,
    cursor: str | None,
) -> Page:
    """Newest first; for all but fuzzy searches. Raises InvalidRequest."""
    query = sa.select(*SHOWN).where(*conditions(wanted), *plate_conditions(wanted, privacy))
    place = PASSES.c.at, PASSES.c.seq
    if wanted.list is not None:  # its matches are in this order too, and may be few
        query = query.join(MATCHES, MATCHES.c.pass_seq == PASSES.c.seq)
        query = query.where(MATCHES.c.list == wanted.list)
        place = MATCHES.c.at, MATCHES.c.pass_seq
    if cursor is not None:
        at, seq = read_cursor(cursor, int)
        query = query.where(sa.tuple_(*place) < sa.tuple_(at, seq))
    query = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
    rows = connection.execute(query).all()
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = make_cursor(last.at, last.seq)
    return Page(tuple(stored(row) for row in rows[:limit]), following)


def plate_conditions(wanted: PassFilter, privacy: Privacy) -> list[sa.ColumnElement[bool]]:
    """That it was read so, or corrected to it. Raises InvalidRequest."""
    if wanted.plate is None:
        return []
    folded = asked_plate(wanted.plate, wild=wanted.match == "wildcard")
    if wanted.match == "exact":
        return [is_plate(privacy.key(folded))]
    if not privacy.has_texts:
        raise InvalidRequest("Where only hashes of plates are kept, they are found whole alone.")
    keys = _READ, _CORRECTED
    return [sa.or_(*(_begins_or_fits(key, folded, wanted.match) for key in keys))]


def is_plate(key: str) -> sa.ColumnElement[bool]:
    """That it was read as the plate of that key, or corrected to it.

    Each by its index. Of one condition or the other SQLite's planner thinks that it is true of all
    passes once statistics say that none is corrected, and looks at every one of them.
    """
    either = (sa.select(PASSES.c.seq).where(c == key) for c in (_READ, _CORRECTED))
    return PASSES.c.seq.in_(sa.union_all(*either))


def _begins_or_fits(
    key: sa.ColumnElement[str], folded: str, match: Match
) -> sa.ColumnElement[bool]:
    head = folded
    if match == "wildcard":
        head = folded[: min((folded.find(c) for c in WILD if c in folded), default=len(folded))]
    found: list[sa.ColumnElement[bool]] = []
    if head:
        found += [key >= head, key < head[:-1] + chr(ord(head[-1]) + 1)]
    if match == "wildcard":
        found.append(key.like(folded.replace("*", "%").replace("?", "_")))
    return sa.and_(*found)


def make_cursor(*place: float) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type[int] | type[float]) -> tuple[Any, int]:
    """The place of the last pass of a page: a number of that kind, and its `seq`.

    Raises:
        InvalidRequest: it is of no page of ours, or of one of another search.
    """
    try:
        first, seq = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError) as error:
        raise InvalidRequest("The cursor is of no page.") from error
    if type(first) not in kinds or type(seq) is not int or not abs(seq) < 1 << 63:
        raise InvalidRequest("The cursor is of another search.")
    if not abs(first) < 1 << 63:
        raise InvalidRequest("The cursor is of no page.")
    return first, seq

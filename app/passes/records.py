"""A pass on its way to whoever keeps or tells it."""

import math
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from app.nz.decoder import Candidate

PassSource = Literal["camera", "video", "picture"]
PassMoment = Literal["new", "update", "end"]
ListKind = Literal["allow", "watch", "ignore"]
CAMERA_LENGTH = 100


@dataclass(frozen=True, slots=True)
class ListMatch:
    """That the vehicle is one of a list: the list's name and kind, its entry by number, plate and
    owner, how probable that is, and whether the plate was read exactly so."""

    list: str
    kind: ListKind
    number: int
    entry: str
    owner: str
    probability: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """The lease under which a process saw a pass, where several share cameras: its epoch, and the
    moment of the last frame by the clock of the database, in microseconds since 1970."""

    epoch: int
    seen: int


@dataclass(frozen=True, slots=True)
class NewPass:
    """One vehicle that was seen.

    `event` says what there is to tell: `end` is the whole pass, which is kept; `new` and `update`
    are told of one that lasts, with the same `id`, and have no pictures. `event_id` is of this
    event alone. `matches` are found when it is written.

    `at` and `last_at` are moments of its first and last frame, with a time zone. `confidence` is
    the probability of `plate`. `texts` are those read in single frames with their shares.
    `evidence` is that of `app.nz.evidence`, as bytes: what all looks together say; none of its
    logarithms of likelihoods counts as lower than `floor` below that of `plate`. `crop` and `frame`
    are encoded pictures. `detail` is whatever else there is to show of it, for JSON. `traceparent`
    is the trace it is part of, as the header of W3C Trace Context has it.
    """

    source: PassSource
    camera: str | None
    at: datetime
    last_at: datetime
    plate: str
    confidence: float
    format: str | None
    candidates: tuple[Candidate, ...]
    texts: dict[str, float]
    detail: dict[str, Any]
    small_plate: bool = False
    evidence: bytes | None = None
    floor: float = -math.inf
    crop: bytes | None = None
    frame: bytes | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    event: PassMoment = "end"
    event_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    matches: tuple[ListMatch, ...] = ()
    turn: Turn | None = None
    traceparent: str | None = None


class PassSink(Protocol):
    """What takes passes when they are over."""

    def add(self, passing: NewPass) -> None:
        """Take one, from any thread: returns soon, waits for no database, raises nothing."""


def camera_name(text: str | None) -> str | None:
    """A name from outside as it may be kept: printable, and not too long; None where empty."""
    printable = "".join(c for c in text or "" if c.isprintable()).strip()
    return printable[:CAMERA_LENGTH] or None

"""The tables. Moments are microseconds since 1970 (UTC): equal in all databases, and sortable."""

from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from app.passes.records import CAMERA_LENGTH

METADATA: Final = sa.MetaData()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

BYTEWISE: Final = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
"""Compared by bytes everywhere, so that an index serves prefixes."""
SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key that counts up; SQLite does that for INTEGER only."""

PASSES: Final = sa.Table(
    "passes",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("source", sa.String(10), nullable=False),
    sa.Column("camera", sa.String(CAMERA_LENGTH)),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("plate", sa.String(64)),
    sa.Column("plate_key", BYTEWISE, nullable=False),
    sa.Column("format", sa.String(40)),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("crop", sa.String(5)),
    sa.Column("frame", sa.String(5)),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("correction", sa.String(64)),
    sa.Column("correction_key", BYTEWISE),
    sa.Column("corrected_by", sa.String(40)),
    sa.Column("corrected_at", sa.BigInteger),
    sa.Index("passes_at", "at", "seq", "bytes"),
    sa.Index("passes_plate", "plate_key", "at", "seq"),
    sa.Index("passes_correction", "correction_key", "at", "seq"),
    sa.Index("passes_camera", "camera", "at", "seq"),
    sqlite_autoincrement=True,  # a cursor never meets a number again
)
"""`plate_key` is the folded plate, or its hash where `plate` is not kept. `correction` is what a
person says that the plate is."""

TEXTS: Final = sa.Table(
    "pass_texts",
    METADATA,
    sa.Column("text", BYTEWISE, primary_key=True),
    sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Index("pass_texts_pass", "pass_seq"),
    sqlite_with_rowid=False,
)
"""Folded texts that a pass may show: its plate, its candidates, and what was read."""

EVIDENCE: Final = sa.Table(
    "pass_evidence",
    METADATA,
    sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("evidence", sa.LargeBinary, nullable=False),
    sa.Column("floor", sa.Float),
    sa.Column("small_plate", sa.Boolean, nullable=False),
)

MATCHES: Final = sa.Table(
    "pass_matches",
    METADATA,
    sa.Column("list", BYTEWISE, primary_key=True),
    sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("plate_key", BYTEWISE, nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("exact", sa.Boolean, nullable=False),
    sa.Index("pass_matches_at", "list", "at", "pass_seq"),
    sa.Index("pass_matches_pass", "pass_seq"),
    sa.Index("pass_matches_plate", "plate_key"),
    sqlite_with_rowid=False,
)
"""Passes that show a plate of a list; what else is told of it lies with the pass. `at` is that of
the pass, `plate_key` of the entry."""

GATE_DECISIONS: Final = sa.Table(
    "gate_decisions",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("gate", sa.String(64), nullable=False),
    sa.Column("camera", sa.String(CAMERA_LENGTH)),
    sa.Column("pass_id", sa.String(32), nullable=False),
    sa.Column("plate_key", BYTEWISE),
    sa.Column("list", sa.String(64), nullable=False),
    sa.Column("entry", sa.BigInteger),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("reads", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("opened", sa.Boolean, nullable=False),
    sa.Index("gate_decisions_at", "at"),
    sa.Index("gate_decisions_pass", "pass_id", "gate"),
    sa.Index("gate_decisions_entry", "gate", "entry", "at"),
    sa.Index("gate_decisions_gate", "gate", "seq"),
    sa.Index("gate_decisions_reason", "reason", "seq"),
    sa.Index("gate_decisions_plate", "plate_key"),
    sqlite_autoincrement=True,
)
"""`opened`: it did, or would have but for a dry run."""

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("who", sa.String(40), nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("plate_key", BYTEWISE),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("results", sa.Integer, nullable=False),
    sa.Index("audit_at", "at"),
    sa.Index("audit_plate", "plate_key"),
    sqlite_autoincrement=True,
)

OUTBOX: Final = sa.Table(
    "outbox",
    METADATA,
    sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("target", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("payload", sa.JSON(none_as_null=True)),
    sa.Column("pass_id", sa.String(32)),
    sa.Column("plate_key", BYTEWISE),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("error", sa.String(200)),
    sa.Column("done", sa.BigInteger),
    sa.Column("traceparent", sa.String(55)),
    sa.Index("outbox_due", "target", "state", "due"),
    sa.Index("outbox_state", "state", "seq"),
    sa.Index("outbox_created", "created"),
    sa.Index("outbox_pass", "pass_id"),
    sa.Index("outbox_plate", "plate_key"),
    sqlite_autoincrement=True,
)
"""What is to be told to a target, or was. `due` is when it is tried next; after `expires` it is not
tried any more. `status` and `error` are of the last attempt. What is delivered has no payload."""

DISABLED_TARGETS: Final = sa.Table(
    "disabled_targets",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
)

CAMERA_LEASES: Final = sa.Table(
    "camera_leases",
    METADATA,
    sa.Column("camera", sa.String(CAMERA_LENGTH), primary_key=True),
    sa.Column("owner", sa.String(CAMERA_LENGTH), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
"""Which process watches a camera, and until when it may; all moments of leases are of the clock of
the database. Each lease has the next `epoch`."""

CAMERA_TURNS: Final = sa.Table(
    "camera_turns",
    METADATA,
    sa.Column("camera", sa.String(CAMERA_LENGTH), primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, nullable=False),
)
"""When each lease began."""

CAMERA_MEMBERS: Final = sa.Table(
    "camera_members",
    METADATA,
    sa.Column("name", sa.String(CAMERA_LENGTH), primary_key=True),
    sa.Column("cameras", sa.JSON, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
"""The processes that share cameras, and which each of them knows."""

COUNTS: Final = sa.Table(
    "counts",
    METADATA,
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
"""What processes count together: calls by month, pictures by key."""


def microseconds(moment: datetime) -> int:
    """Of a moment with a time zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)

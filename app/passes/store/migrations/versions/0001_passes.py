"""Passes, what they may show, and who searched them.

Written out, not made from `tables`: a migration says what was then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "passes",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("camera", sa.String(100)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("plate", sa.String(64)),
        sa.Column("plate_key", _KEY, nullable=False),
        sa.Column("format", sa.String(40)),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("crop", sa.String(5)),
        sa.Column("frame", sa.String(5)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("passes_at", "passes", ["at", "seq", "bytes"])
    op.create_index("passes_plate", "passes", ["plate_key", "at", "seq"])
    op.create_index("passes_camera", "passes", ["camera", "at", "seq"])
    op.create_table(
        "pass_texts",
        sa.Column("text", _KEY, primary_key=True),
        sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("probability", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("pass_texts_pass", "pass_texts", ["pass_seq"])
    op.create_table(
        "pass_evidence",
        sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
        sa.Column("floor", sa.Float),
        sa.Column("small_plate", sa.Boolean, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(40), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("plate_key", _KEY),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("results", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_plate", "audit", ["plate_key"])

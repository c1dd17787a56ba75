"""Lists of plates, and which passes show one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("name", _KEY, nullable=False, unique=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("min_probability", sa.Float, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list_entries",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("list_id", sa.BigInteger, nullable=False),
        sa.Column("plate", _KEY, nullable=False),
        sa.Column("plate_key", _KEY, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("valid_from", sa.BigInteger),
        sa.Column("valid_until", sa.BigInteger),
        sa.Column("hours", sa.Text, nullable=False),
        sa.Column("cameras", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("list_entries_plate", "list_entries", ["list_id", "plate"], unique=True)
    op.create_index("list_entries_key", "list_entries", ["list_id", "plate_key"])
    changes = op.create_table(
        "list_changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(changes, [{"id": 1, "number": 0}])
    op.create_table(
        "pass_matches",
        sa.Column("list", _KEY, primary_key=True),
        sa.Column("pass_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("plate_key", _KEY, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("exact", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("pass_matches_at", "pass_matches", ["list", "at", "pass_seq"])
    op.create_index("pass_matches_pass", "pass_matches", ["pass_seq"])
    op.create_index("pass_matches_plate", "pass_matches", ["plate_key"])

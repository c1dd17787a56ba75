"""The tables of lists."""

from typing import Final

import sqlalchemy as sa

from app.passes.store.tables import BYTEWISE, METADATA, SERIAL

LISTS: Final = sa.Table(
    "lists",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("name", BYTEWISE, nullable=False, unique=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("min_probability", sa.Float, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

ENTRIES: Final = sa.Table(
    "list_entries",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("list_id", sa.BigInteger, nullable=False),
    sa.Column("plate", BYTEWISE, nullable=False),
    sa.Column("plate_key", BYTEWISE, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("valid_from", sa.BigInteger),
    sa.Column("valid_until", sa.BigInteger),
    sa.Column("hours", sa.Text, nullable=False),
    sa.Column("cameras", sa.JSON, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Index("list_entries_plate", "list_id", "plate", unique=True),
    sa.Index("list_entries_key", "list_id", "plate_key"),
    sqlite_autoincrement=True,
)
"""`plate` is as written, `plate_key` folded for searches."""

CHANGES: Final = sa.Table(
    "list_changes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""One row: which state of all lists it is. Whoever changes one counts it up first, and so waits
for others who do; whoever has lists in memory sees that they changed."""

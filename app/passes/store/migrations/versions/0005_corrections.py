"""What a person says that a plate is, beside what was read."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("passes", sa.Column("correction", sa.String(64)))
    op.add_column("passes", sa.Column("correction_key", _KEY))
    op.add_column("passes", sa.Column("corrected_by", sa.String(40)))
    op.add_column("passes", sa.Column("corrected_at", sa.BigInteger))
    op.create_index("passes_correction", "passes", ["correction_key", "at", "seq"])

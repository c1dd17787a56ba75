"""What gates decided."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gate_decisions",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("gate", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(100)),
        sa.Column("pass_id", sa.String(32), nullable=False),
        sa.Column("plate_key", _KEY),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("entry", sa.BigInteger),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("reads", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("opened", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("gate_decisions_at", "gate_decisions", ["at"])
    op.create_index("gate_decisions_pass", "gate_decisions", ["pass_id", "gate"])
    op.create_index("gate_decisions_entry", "gate_decisions", ["gate", "entry", "at"])
    op.create_index("gate_decisions_gate", "gate_decisions", ["gate", "seq"])
    op.create_index("gate_decisions_reason", "gate_decisions", ["reason", "seq"])
    op.create_index("gate_decisions_plate", "gate_decisions", ["plate_key"])

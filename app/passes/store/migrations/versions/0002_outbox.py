"""What is to be told to others, and to whom nothing is sent.

Written out, not made from `tables`: a migration says what was then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON),
        sa.Column("pass_id", sa.String(32)),
        sa.Column("plate_key", _KEY),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(200)),
        sa.Column("done", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_due", "outbox", ["target", "state", "due"])
    op.create_index("outbox_state", "outbox", ["state", "seq"])
    op.create_index("outbox_created", "outbox", ["created"])
    op.create_index("outbox_pass", "outbox", ["pass_id"])
    op.create_index("outbox_plate", "outbox", ["plate_key"])
    op.create_table(
        "disabled_targets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
    )

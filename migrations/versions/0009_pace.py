"""How long requests were at an engine, and how far running batches were at moments of their run."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"

COUNTS = ("finished", "input_tokens", "cached_tokens", "output_tokens")


def upgrade() -> None:
    for column in ("busy_seconds", "longest_seconds"):
        op.add_column("chunks", sa.Column(column, sa.Float, nullable=False, server_default="0"))
        op.alter_column("chunks", column, server_default=None)
    op.create_table(
        "pace_samples",
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        sa.Column("busy_seconds", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_pace_samples")),
    )


def downgrade() -> None:
    op.drop_table("pace_samples")
    for column in ("longest_seconds", "busy_seconds"):
        op.drop_column("chunks", column)

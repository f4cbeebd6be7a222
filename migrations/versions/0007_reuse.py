"""Answers that are kept for later batches which ask the same."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("serving_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "serving_id", "digest", name="pk_kept_answers"),
        sa.ForeignKeyConstraint(["serving_id"], ["servings.id"], name="fk_kept_answers_serving_id"),
    )
    op.create_index("ix_kept_answers_kept_until", "kept_answers", ["kept_until"])
    op.add_column("batches", sa.Column("reuse_answers", sa.Boolean, nullable=False, server_default="false"))
    op.alter_column("batches", "reuse_answers", server_default=None)


def downgrade() -> None:
    op.drop_column("batches", "reuse_answers")
    op.drop_table("kept_answers")

"""What answers come from: a model as an engine has loaded it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"


def upgrade() -> None:
    op.create_table(
        "servings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_servings"),
    )
    op.alter_column("servings", "first_used_at", server_default=None)
    op.add_column("chunks", sa.Column("serving_id", sa.Uuid))
    op.create_foreign_key("fk_chunks_serving_id", "chunks", "servings", ["serving_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_chunks_serving_id", "chunks")
    op.drop_column("chunks", "serving_id")
    op.drop_table("servings")

"""Comparisons of models, and an index by which items are found that several models have answered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0017"


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        sa.Column("item", sa.Integer, nullable=False),
        sa.Column("models", ARRAY(sa.Text), nullable=False),
        sa.Column("example_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("winner", sa.Text),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_comparisons_dataset_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_comparisons_key_id"),
    )
    choice = ["dataset_id", "models", "key_id", "item"]
    op.create_index("uq_comparisons_choice", "comparisons", choice, unique=True)
    op.create_index("ix_outputs_model", "outputs", ["dataset_id", "model", "item", "id"])


def downgrade() -> None:
    op.drop_index("ix_outputs_model", "outputs")
    op.drop_table("comparisons")

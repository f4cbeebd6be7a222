"""Runs of the items of a view, and columns that are given slots anew."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0023"
down_revision: str | Sequence[str] | None = "0022"


def upgrade() -> None:
    op.add_column("runs", sa.Column("view", JSONB, nullable=False, server_default="{}"))
    op.alter_column("runs", "view", server_default=None)
    op.add_column("runs", sa.Column("items", sa.BigInteger))
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("item", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "item", name="pk_run_items"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_items_run_id", ondelete="CASCADE"),
    )
    op.add_column("datasets", sa.Column("refilled", sa.BigInteger))
    op.add_column("datasets", sa.Column("refilled_to", sa.Uuid))
    op.add_column("datasets", sa.Column("refilled_at", sa.DateTime(timezone=True)))
    refilling = sa.text("refilled IS NOT NULL")
    op.create_index("ix_datasets_refilling", "datasets", ["id"], postgresql_where=refilling)


def downgrade() -> None:
    op.drop_index("ix_datasets_refilling", "datasets")
    for name in ("refilled_at", "refilled_to", "refilled"):
        op.drop_column("datasets", name)
    op.drop_table("run_items")
    op.drop_column("runs", "items")
    op.drop_column("runs", "view")

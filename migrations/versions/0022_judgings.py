"""Judgings: models that say which of two others answers better. Their verdicts stand beside people's choices."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0022"
down_revision: str | Sequence[str] | None = "0021"

CHOICE = ["dataset_id", "models", "key_id", "item"]


def upgrade() -> None:
    create_judgings()
    create_parts()
    widen_comparisons()


def downgrade() -> None:
    op.execute("DELETE FROM comparisons WHERE judging_id IS NOT NULL")
    for name in ("ix_comparisons_item", "uq_comparisons_verdict", "uq_comparisons_choice"):
        op.drop_index(name, "comparisons")
    for name in ("reasons", "said", "judging_id"):
        op.drop_column("comparisons", name)
    op.create_index("uq_comparisons_choice", "comparisons", CHOICE, unique=True)
    op.drop_table("judging_parts")
    op.drop_table("judgings")


def column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def create_judgings() -> None:
    op.create_table(
        "judgings",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("key_id", sa.Uuid),
        column("models", ARRAY(sa.Text)),
        column("judge", sa.Text),
        column("criteria", sa.Text),
        column("completion_window", sa.Text),
        column("status", sa.Text),
        sa.Column("waits_for", sa.Text),
        column("total", sa.BigInteger),
        column("completed", sa.BigInteger),
        column("failed", sa.BigInteger),
        time("created_at"),
        time("advanced_at"),
        time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_judgings"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_judgings_dataset_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_judgings_key_id"),
    )
    op.create_index("ix_judgings_dataset_id", "judgings", ["dataset_id", "id"])
    op.create_index("ix_judgings_live", "judgings", ["id"], postgresql_where=sa.text("ended_at IS NULL"))


def create_parts() -> None:
    judging = sa.ForeignKeyConstraint(
        ["judging_id"], ["judgings.id"], name="fk_judging_parts_judging_id", ondelete="CASCADE"
    )
    op.create_table(
        "judging_parts",
        column("judging_id", sa.Uuid),
        column("number", sa.Integer),
        column("first_item", sa.Integer),
        column("last_item", sa.Integer),
        column("requests", sa.Integer),
        sa.Column("batch_id", sa.Uuid),
        column("line", sa.Integer),
        column("unreadable", sa.Integer),
        sa.Column("problem", sa.Text),
        time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("judging_id", "number", name="pk_judging_parts"),
        judging,
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_judging_parts_batch_id"),
    )
    op.create_index("ix_judging_parts_batch_id", "judging_parts", ["batch_id"])


def widen_comparisons() -> None:
    op.add_column("comparisons", sa.Column("judging_id", sa.Uuid))
    op.add_column("comparisons", sa.Column("said", sa.Text))
    reasons = sa.Column("reasons", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb"))
    op.add_column("comparisons", reasons)
    op.create_foreign_key(
        "fk_comparisons_judging_id", "comparisons", "judgings", ["judging_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_index("uq_comparisons_choice", "comparisons")
    by_people, by_judges = sa.text("judging_id IS NULL"), sa.text("judging_id IS NOT NULL")
    op.create_index("uq_comparisons_choice", "comparisons", CHOICE, unique=True, postgresql_where=by_people)
    verdict = ["judging_id", "item"]
    op.create_index("uq_comparisons_verdict", "comparisons", verdict, unique=True, postgresql_where=by_judges)
    op.create_index("ix_comparisons_item", "comparisons", ["dataset_id", "item"])

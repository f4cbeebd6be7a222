"""Scores that scorers give to answers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | Sequence[str] | None = "0018"


def upgrade() -> None:
    create_scorings()
    create_scores()


def downgrade() -> None:
    op.drop_table("scores")
    op.drop_table("scorings")


def time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def create_scorings() -> None:
    op.create_table(
        "scorings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        sa.Column("scorer", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("after_id", sa.Uuid),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("scored", sa.BigInteger, nullable=False),
        time("begun_at"),
        time("advanced_at"),
        time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scorings"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_scorings_dataset_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_scorings_key_id"),
    )
    op.create_index("ix_scorings_dataset_id", "scorings", ["dataset_id", "id"])
    running = sa.text("status = 'running'")
    op.create_index("ix_scorings_running", "scorings", ["id"], postgresql_where=running)


def create_scores() -> None:
    op.create_table(
        "scores",
        sa.Column("example_id", sa.Uuid, nullable=False),
        sa.Column("scorer", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("scoring_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("example_id", "scorer", name="pk_scores"),
        sa.ForeignKeyConstraint(["example_id"], ["outputs.id"], name="fk_scores_example_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scoring_id"], ["scorings.id"], name="fk_scores_scoring_id", ondelete="CASCADE"),
    )

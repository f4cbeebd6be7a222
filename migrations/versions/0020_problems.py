"""Why an import or a scoring ended early, scorings that remove scores, and how many items are on a split's sides."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0019"


def upgrade() -> None:
    op.add_column("imports", sa.Column("problem", sa.Text))
    op.add_column("scorings", sa.Column("problem", sa.Text))
    op.add_column("scorings", sa.Column("removes", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("scorings", "removes", server_default=None)
    op.create_index("ix_scores_scoring_id", "scores", ["scoring_id"])
    none = sa.text("""'{"train": 0, "search": 0, "test": 0}'""")
    op.add_column("splits", sa.Column("counts", JSONB, nullable=False, server_default=none))
    op.alter_column("splits", "counts", server_default=None)
    op.execute("""
        UPDATE splits SET counts = splits.counts || sides.counts FROM (
            SELECT split_id, jsonb_object_agg(side, many) AS counts FROM (
                SELECT split_id, side, count(*) AS many FROM split_items GROUP BY split_id, side
            ) AS each GROUP BY split_id
        ) AS sides WHERE splits.id = sides.split_id
    """)


def downgrade() -> None:
    op.drop_column("splits", "counts")
    op.drop_index("ix_scores_scoring_id", "scores")
    op.drop_column("scorings", "removes")
    op.drop_column("scorings", "problem")
    op.drop_column("imports", "problem")

"""How often imports and scorings were begun without coming any further; and a reference that cost more than it gave."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | Sequence[str] | None = "0023"

TABLES = ("imports", "scorings")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
        op.alter_column(table, "attempts", server_default=None)
    op.drop_constraint("fk_run_items_run_id", "run_items")


def downgrade() -> None:
    op.create_foreign_key("fk_run_items_run_id", "run_items", "runs", ["run_id"], ["id"], ondelete="CASCADE")
    for table in TABLES:
        op.drop_column(table, "attempts")

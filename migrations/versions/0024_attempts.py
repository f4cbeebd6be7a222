"""How often imports and scorings were begun without coming any further."""

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


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "attempts")

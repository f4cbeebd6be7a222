"""Which requests of a chunk may have killed an engine."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"


def upgrade() -> None:
    op.drop_column("chunks", "attempts")
    for name in ("deaths", "suspect_to", "reached"):
        add_counter(name)


def downgrade() -> None:
    for name in ("deaths", "suspect_to", "reached"):
        op.drop_column("chunks", name)
    add_counter("attempts")


def add_counter(name: str) -> None:
    """A column that begins at 0 in the rows that are there, and without a default in the tables of the models."""
    op.add_column("chunks", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.alter_column("chunks", name, server_default=None)

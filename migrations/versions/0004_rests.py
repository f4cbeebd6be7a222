"""A chunk whose requests an engine refuses rests for a while."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"


def upgrade() -> None:
    op.add_column("chunks", sa.Column("not_before", sa.DateTime(timezone=True)))
    op.add_column("chunks", sa.Column("rests", sa.Integer, nullable=False, server_default="0"))
    op.alter_column("chunks", "rests", server_default=None)


def downgrade() -> None:
    op.drop_column("chunks", "rests")
    op.drop_column("chunks", "not_before")

"""What a kept answer used stands in its body, in full."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"

COUNTS = ("input_tokens", "cached_tokens", "output_tokens")


def upgrade() -> None:
    for column in COUNTS:
        op.drop_column("kept_answers", column)


def downgrade() -> None:
    for column in COUNTS:
        op.add_column("kept_answers", sa.Column(column, sa.Integer, nullable=False, server_default="0"))
        op.alter_column("kept_answers", column, server_default=None)

"""How often steps of runs and judgings were begun without an end, and how long files were that found no room."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | Sequence[str] | None = "0027"

KINDS = ("run", "judging")


def upgrade() -> None:
    for kind in KINDS:
        op.add_column(f"{kind}s", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
        op.alter_column(f"{kind}s", "attempts", server_default=None)
        op.add_column(f"{kind}_parts", sa.Column("bytes", sa.BigInteger))


def downgrade() -> None:
    for kind in KINDS:
        op.drop_column(f"{kind}_parts", "bytes")
        op.drop_column(f"{kind}s", "attempts")

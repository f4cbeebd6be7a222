"""Why an import or a scoring ended early."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0019"


def upgrade() -> None:
    op.add_column("imports", sa.Column("problem", sa.Text))
    op.add_column("scorings", sa.Column("problem", sa.Text))


def downgrade() -> None:
    op.drop_column("scorings", "problem")
    op.drop_column("imports", "problem")

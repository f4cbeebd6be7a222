"""The words of new outputs are kept uncompressed: a phrase is looked for in each text that has its words."""

from collections.abc import Sequence

from alembic import op

revision: str = "0026"
down_revision: str | Sequence[str] | None = "0025"


def upgrade() -> None:
    op.execute("ALTER TABLE outputs ALTER COLUMN search SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.execute("ALTER TABLE outputs ALTER COLUMN search SET STORAGE EXTENDED")

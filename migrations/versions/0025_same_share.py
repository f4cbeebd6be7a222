"""What queues keep of how far their reviewers agree has other names: it is counted anew when somebody looks."""

from collections.abc import Sequence

from alembic import op

revision: str = "0025"
down_revision: str | Sequence[str] | None = "0023"

FORGET = "UPDATE queues SET agreement = NULL, agreement_at = NULL WHERE agreement IS NOT NULL"


def upgrade() -> None:
    op.execute(FORGET)


def downgrade() -> None:
    op.execute(FORGET)

"""Keys of repeated calls are for whatever is made, not for batches alone; a custom_id is looked up in its dataset."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | Sequence[str] | None = "0026"


def upgrade() -> None:
    op.drop_constraint("fk_idempotency_keys_batch_id", "idempotency_keys")
    rename("batch_id", "made_id")
    op.drop_index("ix_items_custom_id", "items")
    op.create_index("ix_items_custom_id", "items", ["dataset_id", sa.text("hashtext(custom_id)")])


def downgrade() -> None:
    op.drop_index("ix_items_custom_id", "items")
    op.create_index("ix_items_custom_id", "items", ["custom_id"], postgresql_using="hash")
    op.execute("DELETE FROM idempotency_keys WHERE made_id NOT IN (SELECT id FROM batches)")
    rename("made_id", "batch_id")
    op.create_foreign_key("fk_idempotency_keys_batch_id", "idempotency_keys", "batches", ["batch_id"], ["id"])


def rename(old: str, new: str) -> None:
    """That it is not null has a name too, by that of the column."""
    op.alter_column("idempotency_keys", old, nullable=True)
    op.alter_column("idempotency_keys", old, new_column_name=new)
    op.alter_column("idempotency_keys", new, nullable=False)

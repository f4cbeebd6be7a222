"""Exports, and how to find a prompt by the name that its sender gave it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"


def upgrade() -> None:
    op.create_table(
        "exports",
        column("id", sa.Uuid),
        column("tenant", sa.Text),
        column("dataset_id", sa.Uuid),
        column("key_id", sa.Uuid),
        column("first_id", sa.Uuid),
        column("version", sa.Integer),
        column("format", sa.Text),
        column("view", JSONB),
        column("filters", JSONB),
        column("options", JSONB),
        column("status", sa.Text),
        column("total", sa.BigInteger),
        column("done", sa.BigInteger),
        column("attempts", sa.Integer),
        column("file_id", sa.Uuid, optional=True),
        column("manifest", JSONB, optional=True),
        column("problem", sa.Text, optional=True),
        column("created_at", sa.DateTime(timezone=True)),
        column("advanced_at", sa.DateTime(timezone=True)),
        column("ended_at", sa.DateTime(timezone=True), optional=True),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_exports_key_id"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_exports_file_id"),
    )
    op.create_index("ix_exports_tenant_id", "exports", ["tenant", "id"])
    op.create_index("ix_exports_dataset_id", "exports", ["dataset_id", "id"])
    op.create_index("uq_exports_version", "exports", ["first_id", "version"], unique=True)
    op.create_index("ix_exports_running", "exports", ["id"], postgresql_where="status = 'running'")
    op.create_index("ix_items_custom_id", "items", ["custom_id"], postgresql_using="hash")


def downgrade() -> None:
    op.drop_index("ix_items_custom_id", "items")
    op.drop_table("exports")


def column(name: str, kind: Any, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional)

"""Task schemas with their versions, and which of them a dataset is of."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"


def upgrade() -> None:
    op.create_table(
        "task_schemas",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("latest", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task_schemas"),
    )
    op.create_index("ix_task_schemas_tenant_name", "task_schemas", ["tenant", "name"], unique=True)
    op.create_table(
        "task_schema_versions",
        sa.Column("task_schema_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task_schema_id", "version", name="pk_task_schema_versions"),
        sa.ForeignKeyConstraint(
            ["task_schema_id"],
            ["task_schemas.id"],
            name="fk_task_schema_versions_task_schema_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_task_schema_versions_key_id"),
    )
    op.add_column("datasets", sa.Column("task", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("datasets", "task")
    op.drop_table("task_schema_versions")
    op.drop_table("task_schemas")

"""Curation: datasets, what models said, what people make of it, and every change that they made."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"

TABLES = ("datasets", "items", "outputs", "examples", "change_sets", "changes", "imports")
COUNTS = ("examples", "needs_review", "approved", "rejected", "gold")
SEARCH = "to_tsvector('simple'::regconfig, left(asked, 100000) || ' ' || left(output, 100000))"


def upgrade() -> None:
    create_datasets()
    create_outputs()
    create_examples()
    create_changes()
    create_imports()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def column(name: str, kind: Any, *more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)


def optional(name: str, kind: Any, *more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=True)


def time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def refers(table: str, name: str, target: str, *, cascades: bool = True) -> sa.ForeignKeyConstraint:
    named = f"fk_{table}_{name}"
    return sa.ForeignKeyConstraint([name], [target], name=named, ondelete="CASCADE" if cascades else None)


def create_datasets() -> None:
    op.create_table(
        "datasets",
        column("id", sa.Uuid),
        column("tenant", sa.Text),
        column("name", sa.Text),
        column("next_item", sa.Integer),
        *(column(name, sa.BigInteger) for name in COUNTS),
        time("created_at"),
        time("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
    )
    op.create_index("ix_datasets_tenant_id", "datasets", ["tenant", "id"])
    op.create_table(
        "items",
        column("dataset_id", sa.Uuid),
        column("number", sa.Integer),
        column("custom_id", sa.Text),
        column("request", sa.Text),
        sa.PrimaryKeyConstraint("dataset_id", "number", name="pk_items"),
        refers("items", "dataset_id", "datasets.id"),
    )


def create_outputs() -> None:
    op.create_table(
        "outputs",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("item", sa.Integer),
        column("model", sa.Text),
        column("asked", sa.Text),
        column("output", sa.Text),
        column("fields", JSONB),
        optional("batch_id", sa.Uuid),
        optional("line", sa.Integer),
        optional("search", TSVECTOR, sa.Computed(SEARCH, persisted=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outputs"),
        refers("outputs", "dataset_id", "datasets.id"),
    )
    op.create_index("uq_outputs_source", "outputs", ["dataset_id", "batch_id", "line"], unique=True)
    op.create_index("ix_outputs_item", "outputs", ["dataset_id", "item"])
    op.create_index("ix_outputs_search", "outputs", ["search"], postgresql_using="gin")
    op.create_index(
        "ix_outputs_fields",
        "outputs",
        ["fields"],
        postgresql_using="gin",
        postgresql_ops={"fields": "jsonb_path_ops"},
    )


def create_examples() -> None:
    op.create_table(
        "examples",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("model", sa.Text),
        column("status", sa.Text),
        column("gold", sa.Boolean),
        optional("score", sa.Float),
        optional("category", sa.Text),
        column("tags", ARRAY(sa.Text)),
        column("notes", sa.Text),
        optional("edited_output", sa.Text),
        optional("reviewer_id", sa.Uuid),
        time("created_at"),
        time("updated_at"),
        column("version", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_examples"),
        refers("examples", "id", "outputs.id"),
        refers("examples", "reviewer_id", "api_keys.id", cascades=False),
    )
    op.create_index("ix_examples_dataset_id_id", "examples", ["dataset_id", "id"])
    op.create_index("ix_examples_score", "examples", ["dataset_id", sa.text("coalesce(score, -1.0)"), "id"])
    op.create_index("ix_examples_gold", "examples", ["dataset_id", "id"], postgresql_where="gold")
    op.create_index("ix_examples_updated_at", "examples", ["dataset_id", "updated_at", "id"])


def create_changes() -> None:
    op.create_table(
        "change_sets",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("key_id", sa.Uuid),
        time("made_at"),
        column("wanted", JSONB),
        column("examples", sa.BigInteger),
        optional("undoes", sa.Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_change_sets"),
        refers("change_sets", "dataset_id", "datasets.id"),
        refers("change_sets", "key_id", "api_keys.id", cascades=False),
        refers("change_sets", "undoes", "change_sets.id", cascades=False),
    )
    op.create_index("ix_change_sets_dataset_id", "change_sets", ["dataset_id", "id"])
    op.create_index(
        "uq_change_sets_undoes", "change_sets", ["undoes"], unique=True, postgresql_where="undoes IS NOT NULL"
    )
    op.create_table(
        "changes",
        column("example_id", sa.Uuid),
        column("version", sa.Integer),
        column("change_set_id", sa.Uuid),
        column("before", JSONB),
        column("after", JSONB),
        sa.PrimaryKeyConstraint("example_id", "version", name="pk_changes"),
        refers("changes", "example_id", "examples.id"),
        refers("changes", "change_set_id", "change_sets.id"),
    )
    op.create_index("ix_changes_change_set_id", "changes", ["change_set_id"])


def create_imports() -> None:
    op.create_table(
        "imports",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("batch_id", sa.Uuid),
        column("status", sa.Text),
        column("lines", sa.BigInteger),
        column("line", sa.Integer),
        column("imported", sa.BigInteger),
        time("created_at"),
        time("advanced_at"),
        time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        refers("imports", "dataset_id", "datasets.id"),
    )
    op.create_index("uq_imports_source", "imports", ["dataset_id", "batch_id"], unique=True)
    op.create_index("ix_imports_running", "imports", ["id"], postgresql_where="status = 'running'")

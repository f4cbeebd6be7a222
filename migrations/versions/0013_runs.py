"""Datasets from files; runs of models on their items; splits and snapshots."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"

TABLES = ("runs", "run_parts", "splits", "split_items", "item_signatures", "snapshots", "snapshot_examples")
# Until now items came from batches alone, whose endpoint is known for ever.
ENDPOINTS_OF_ITEMS = """
    UPDATE items SET endpoint = batches.endpoint FROM outputs JOIN batches ON batches.id = outputs.batch_id
    WHERE outputs.dataset_id = items.dataset_id AND outputs.item = items.number
      AND batches.endpoint <> '/v1/chat/completions'
"""


def upgrade() -> None:
    widen_items()
    create_runs()
    create_splits()
    create_snapshots()
    widen_imports()


def downgrade() -> None:
    op.execute("DELETE FROM imports WHERE batch_id IS NULL")
    op.drop_index("ix_imports_run_id", "imports")
    op.drop_index("uq_imports_file", "imports")
    op.drop_constraint(op.f("ck_imports_source"), "imports")
    for name in ("run_id", "file_id", "bytes", "bytes_read", "bad_lines", "errors"):
        op.drop_column("imports", name)
    op.alter_column("imports", "batch_id", nullable=False)
    for table in reversed(TABLES):
        op.drop_table(table)
    for name in ("endpoint", "details"):
        op.drop_column("items", name)


def column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **options)


def optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=f"pk_{table}")


def refers(table: str, name: str, target: str, *, cascades: bool = True) -> sa.ForeignKeyConstraint:
    named = f"fk_{table}_{name}"
    return sa.ForeignKeyConstraint([name], [target], name=named, ondelete="CASCADE" if cascades else None)


def belongs(table: str) -> tuple[Any, ...]:
    """The columns of whatever somebody makes of a dataset."""
    return (
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("key_id", sa.Uuid),
        key(table, "id"),
        refers(table, "dataset_id", "datasets.id"),
        refers(table, "key_id", "api_keys.id", cascades=False),
    )


def widen_items() -> None:
    op.add_column("items", column("endpoint", sa.Text, server_default="/v1/chat/completions"))
    op.add_column("items", column("details", JSONB, server_default=sa.text("'{}'::jsonb")))
    op.execute(ENDPOINTS_OF_ITEMS)


def create_runs() -> None:
    op.create_table(
        "runs",
        *belongs("runs"),
        column("models", JSONB),
        column("parameters", JSONB),
        column("completion_window", sa.Text),
        column("status", sa.Text),
        optional("waits_for", sa.Text),
        column("total", sa.BigInteger),
        column("completed", sa.BigInteger),
        column("failed", sa.BigInteger),
        time("created_at"),
        time("advanced_at"),
        time("ended_at", nullable=True),
    )
    op.create_index("ix_runs_dataset_id", "runs", ["dataset_id", "id"])
    op.create_index("ix_runs_live", "runs", ["id"], postgresql_where="ended_at IS NULL")
    op.create_table(
        "run_parts",
        column("run_id", sa.Uuid),
        column("number", sa.Integer),
        column("model", sa.Text),
        column("endpoint", sa.Text),
        column("first_item", sa.Integer),
        column("last_item", sa.Integer),
        column("requests", sa.Integer),
        optional("batch_id", sa.Uuid),
        optional("problem", sa.Text),
        time("ended_at", nullable=True),
        key("run_parts", "run_id", "number"),
        refers("run_parts", "run_id", "runs.id"),
        refers("run_parts", "batch_id", "batches.id", cascades=False),
    )
    op.create_index("ix_run_parts_batch_id", "run_parts", ["batch_id"])


def create_splits() -> None:
    op.create_table(
        "splits",
        *belongs("splits"),
        column("name", sa.Text),
        column("seed", sa.BigInteger),
        column("shares", JSONB),
        column("similarity", sa.Float),
        column("status", sa.Text),
        column("items", sa.BigInteger),
        column("item", sa.Integer),
        column("groups", sa.BigInteger),
        column("largest_group", sa.BigInteger),
        time("created_at"),
        time("advanced_at"),
        time("ended_at", nullable=True),
    )
    op.create_index("ix_splits_dataset_id", "splits", ["dataset_id", "id"])
    op.create_index("ix_splits_running", "splits", ["id"], postgresql_where="status = 'running'")
    op.create_table(
        "split_items",
        column("split_id", sa.Uuid),
        column("item", sa.Integer),
        column("together", sa.Integer),
        column("side", sa.Text),
        key("split_items", "split_id", "item"),
        refers("split_items", "split_id", "splits.id"),
    )
    op.create_index("ix_split_items_side", "split_items", ["split_id", "side", "item"])
    op.create_index("ix_split_items_group", "split_items", ["split_id", "together", "side"])
    op.create_table(
        "item_signatures",
        column("split_id", sa.Uuid),
        column("item", sa.Integer),
        column("minhash", sa.LargeBinary),
        column("kin", ARRAY(sa.BigInteger)),
        key("item_signatures", "split_id", "item"),
        refers("item_signatures", "split_id", "splits.id"),
    )


def create_snapshots() -> None:
    op.create_table(
        "snapshots",
        *belongs("snapshots"),
        column("name", sa.Text),
        column("view", JSONB),
        column("examples", sa.BigInteger),
        column("digest", sa.Text),
        time("created_at"),
    )
    op.create_index("ix_snapshots_dataset_id", "snapshots", ["dataset_id", "id"])
    op.create_table(
        "snapshot_examples",
        column("snapshot_id", sa.Uuid),
        column("example_id", sa.Uuid),
        column("version", sa.Integer),
        key("snapshot_examples", "snapshot_id", "example_id"),
        refers("snapshot_examples", "snapshot_id", "snapshots.id"),
    )


def widen_imports() -> None:
    op.alter_column("imports", "batch_id", nullable=True)
    op.add_column("imports", optional("run_id", sa.Uuid))
    op.add_column("imports", optional("file_id", sa.Uuid))
    for name in ("bytes", "bytes_read", "bad_lines"):
        add_filled(name, sa.BigInteger, "0")
    add_filled("errors", JSONB, "[]")
    op.create_foreign_key(op.f("fk_imports_run_id"), "imports", "runs", ["run_id"], ["id"], ondelete="CASCADE")
    op.create_check_constraint(op.f("ck_imports_source"), "imports", "num_nonnulls(batch_id, file_id) = 1")
    op.create_index("uq_imports_file", "imports", ["dataset_id", "file_id"], unique=True)
    op.create_index("ix_imports_run_id", "imports", ["run_id"])


def add_filled(name: str, kind: Any, value: str) -> None:
    op.add_column("imports", column(name, kind, server_default=value))
    op.alter_column("imports", name, server_default=None)

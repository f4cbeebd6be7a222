"""The batch core: keys, files, uploads, batches with their requests and results, workers, models, webhooks."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0001"
down_revision: str | Sequence[str] | None = None

TABLES = (
    "api_keys", "files", "uploads", "upload_parts", "batches", "chunks", "requests", "results", "idempotency_keys",
    "workers", "models", "events", "webhooks", "webhook_deliveries",
)  # fmt: skip

USAGE = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


def upgrade() -> None:
    create_keys()
    create_files()
    create_batches()
    create_chunks()
    create_bulk()
    create_workers()
    create_webhooks()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def column(name: str, kind: type[sa.types.TypeEngine[Any]], *references: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *references, nullable=False)


def optional(name: str, kind: type[sa.types.TypeEngine[Any]], *references: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *references, nullable=True)


def time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, primary_key=True)


def create_keys() -> None:
    op.create_table(
        "api_keys",
        key(),
        column("name", sa.Text),
        column("tenant", sa.Text),
        column("role", sa.Text),
        column("hint", sa.Text),
        column("digest", sa.LargeBinary),
        time("created_at"),
        time("revoked_at", nullable=True),
        optional("requests_per_minute", sa.Integer),
        optional("pending_requests", sa.BigInteger),
        optional("stored_bytes", sa.BigInteger),
    )
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"], unique=True)


def create_files() -> None:
    op.create_table(
        "files",
        key(),
        column("tenant", sa.Text),
        column("purpose", sa.Text),
        column("filename", sa.Text),
        column("bytes", sa.BigInteger),
        column("location", sa.Text),
        time("created_at"),
        time("expires_at", nullable=True),
        time("deleted_at", nullable=True),
        time("purged_at", nullable=True),
    )
    op.create_index("ix_files_tenant_id", "files", ["tenant", "id"])
    op.create_index("ix_files_due", "files", ["expires_at"], postgresql_where=sa.text("purged_at IS NULL"))
    op.create_table(
        "uploads",
        key(),
        column("tenant", sa.Text),
        column("purpose", sa.Text),
        column("filename", sa.Text),
        column("mime_type", sa.Text),
        column("bytes", sa.BigInteger),
        column("status", sa.Text),
        time("created_at"),
        time("expires_at"),
        optional("file_expires_after_seconds", sa.Integer),
        optional("file_id", sa.Uuid, sa.ForeignKey("files.id")),
    )
    op.create_index("ix_uploads_pending", "uploads", ["expires_at"], postgresql_where=sa.text("status = 'pending'"))
    op.create_table(
        "upload_parts",
        key(),
        column("upload_id", sa.Uuid, sa.ForeignKey("uploads.id", ondelete="CASCADE")),
        column("bytes", sa.BigInteger),
        column("location", sa.Text),
        time("created_at"),
    )
    op.create_index("ix_upload_parts_upload_id", "upload_parts", ["upload_id"])


def create_batches() -> None:
    op.create_table(
        "batches",
        key(),
        column("tenant", sa.Text),
        optional("key_id", sa.Uuid, sa.ForeignKey("api_keys.id")),
        column("endpoint", sa.Text),
        column("input_file_id", sa.Uuid, sa.ForeignKey("files.id")),
        column("completion_window", sa.Text),
        column("priority", sa.SmallInteger),
        optional("details", JSONB),
        optional("output_expires_after_seconds", sa.Integer),
        optional("retry_of", sa.Uuid, sa.ForeignKey("batches.id")),
        column("status", sa.Text),
        optional("errors", JSONB),
        optional("model", sa.Text),
        optional("output_file_id", sa.Uuid, sa.ForeignKey("files.id")),
        optional("error_file_id", sa.Uuid, sa.ForeignKey("files.id")),
        time("created_at"),
        time("expires_at"),
        *(time(name, nullable=True) for name in ("in_progress_at", "finalizing_at", "cancelling_at", "ended_at")),
        *(time(name, nullable=True) for name in ("requests_purged_at", "results_purged_at")),
        *(column(name, sa.BigInteger) for name in ("total", "completed", "failed", *USAGE)),
    )
    op.create_index("ix_batches_tenant_id", "batches", ["tenant", "id"])
    op.create_index("ix_batches_live", "batches", ["status"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        column("fingerprint", sa.LargeBinary),
        column("batch_id", sa.Uuid, sa.ForeignKey("batches.id")),
        time("created_at"),
    )


def create_chunks() -> None:
    op.create_table(
        "chunks",
        sa.Column("batch_id", sa.Uuid, sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        column("model", sa.Text),
        column("total", sa.Integer),
        column("state", sa.Text),
        column("epoch", sa.Integer),
        optional("worker", sa.Text),
        time("lease_expires_at", nullable=True),
        column("attempts", sa.Integer),
        column("completed", sa.Integer),
        column("failed", sa.Integer),
        *(column(name, sa.BigInteger) for name in USAGE),
    )
    op.create_index("ix_chunks_live", "chunks", ["state", "model"], postgresql_where=sa.text("state <> 'done'"))
    # A chunk that runs is updated every second; room on its page keeps those updates out of the indexes.
    op.execute("ALTER TABLE chunks SET (fillfactor = 50)")


def create_bulk() -> None:
    """The two tables that carry the volume: written once by COPY, read about once, deleted in slices."""
    op.create_table(
        "requests",
        key("batch_id"),
        sa.Column("chunk", sa.Integer, primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        column("custom_id", sa.Text),
        column("body", sa.Text),
    )
    op.create_table(
        "results",
        key("batch_id"),
        sa.Column("line", sa.Integer, primary_key=True),
        column("succeeded", sa.Boolean),
        column("answer", sa.Text),
    )
    for table, payload in (("requests", "body"), ("results", "answer")):
        # Lines of up to a page stay in their row, and no CPU goes into compressing what is read once.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {payload} SET STORAGE EXTERNAL")
        # Rows are never updated, so vacuum has nothing to do until retention deletes: then it should follow soon.
        op.execute(
            f"ALTER TABLE {table} SET (toast_tuple_target = 8160, "
            "autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_scale_factor = 0.05)"
        )


def create_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.Text, primary_key=True),
        column("engine", sa.Text),
        column("device", sa.Text),
        optional("model", sa.Text),
        column("state", sa.Text),
        column("detail", sa.Text),
        column("in_flight", sa.Integer),
        time("started_at"),
        time("seen_at"),
    )
    op.create_table(
        "models",
        sa.Column("name", sa.Text, primary_key=True),
        column("source", sa.Text),
        column("engine", sa.Text),
        optional("max_tokens", sa.Integer),
        time("created_at"),
        column("served", sa.Boolean),
    )


def create_webhooks() -> None:
    op.create_table(
        "events",
        key(),
        column("tenant", sa.Text),
        column("type", sa.Text),
        column("batch_id", sa.Uuid, sa.ForeignKey("batches.id")),
        time("created_at"),
    )
    op.create_index("ix_events_batch_id_type", "events", ["batch_id", "type"], unique=True)
    op.create_table(
        "webhooks",
        key(),
        column("tenant", sa.Text),
        optional("key_id", sa.Uuid, sa.ForeignKey("api_keys.id")),
        optional("batch_id", sa.Uuid, sa.ForeignKey("batches.id", ondelete="CASCADE")),
        column("url", sa.Text),
        column("secret", sa.Text),
        column("events", JSONB),
        time("created_at"),
        time("deleted_at", nullable=True),
    )
    for owner in ("tenant", "batch_id", "key_id"):
        op.create_index(f"ix_webhooks_{owner}", "webhooks", [owner])
    op.create_table(
        "webhook_deliveries",
        key(),
        column("event_id", sa.Uuid, sa.ForeignKey("events.id")),
        column("webhook_id", sa.Uuid, sa.ForeignKey("webhooks.id", ondelete="CASCADE")),
        column("attempts", sa.Integer),
        time("next_attempt_at", nullable=True),
        time("delivered_at", nullable=True),
        optional("last_error", sa.Text),
    )
    op.create_index(
        "ix_webhook_deliveries_event_id_webhook_id", "webhook_deliveries", ["event_id", "webhook_id"], unique=True
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )

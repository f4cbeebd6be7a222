"""Queues are made by a task, agreement is remembered, and exports say how many examples they hold."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0021"
down_revision: str | Sequence[str] | None = "0020"

QUEUE_COLUMNS = ("filters", "most", "status", "problem", "agreement", "agreement_at")


def upgrade() -> None:
    # Those that are there were made at once, and are never made again.
    add("queues", "filters", JSONB, "{}")
    add("queues", "most", sa.BigInteger, "200000")
    add("queues", "status", sa.Text, "open")
    op.add_column("queues", sa.Column("problem", sa.Text))
    op.add_column("queues", sa.Column("agreement", JSONB))
    op.add_column("queues", sa.Column("agreement_at", sa.BigInteger))
    op.create_index("ix_queues_making", "queues", ["id"], postgresql_where=sa.text("status = 'making'"))
    add("queue_reviewers", "moves", sa.BigInteger, "0")
    add("exports", "examples", sa.BigInteger, "0")
    op.execute("UPDATE exports SET examples = (manifest->>'examples')::bigint WHERE manifest ? 'examples'")


def downgrade() -> None:
    op.drop_column("exports", "examples")
    op.drop_column("queue_reviewers", "moves")
    op.execute("DELETE FROM queues WHERE status <> 'open'")
    op.drop_index("ix_queues_making", "queues")
    for name in QUEUE_COLUMNS:
        op.drop_column("queues", name)


def add(table: str, name: str, kind: Any, default: str) -> None:
    """A column for which the rows that are there have a value, and new ones bring their own."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    op.alter_column(table, name, server_default=None)

"""Queues: answers to review one at a time, who is at which of them, and what each reviewer thinks."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"

TABLES = ("queues", "queue_items", "reviews", "queue_reviewers")


def upgrade() -> None:
    create_queues()
    create_items()
    create_reviews()
    create_reviewers()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def column(name: str, kind: Any, *more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)


def optional(name: str, kind: Any, *more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=True)


def refers(table: str, name: str, target: str, *, cascades: bool = False) -> sa.ForeignKeyConstraint:
    named = f"fk_{table}_{name}"
    return sa.ForeignKeyConstraint([name], [target], name=named, ondelete="CASCADE" if cascades else None)


def create_queues() -> None:
    op.create_table(
        "queues",
        column("id", sa.Uuid),
        column("dataset_id", sa.Uuid),
        column("name", sa.Text),
        column("key_id", sa.Uuid),
        column("view", JSONB),
        column("sort", sa.Text),
        column("seed", sa.BigInteger),
        column("reviews_each", sa.SmallInteger),
        column("assigned", ARRAY(sa.Uuid)),
        column("items", sa.BigInteger),
        column("decided", sa.BigInteger),
        column("disputed", sa.BigInteger),
        column("created_at", sa.DateTime(timezone=True)),
        optional("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_queues"),
        refers("queues", "dataset_id", "datasets.id", cascades=True),
        refers("queues", "key_id", "api_keys.id"),
    )
    op.create_index("ix_queues_dataset_id", "queues", ["dataset_id", "id"])


def create_items() -> None:
    op.create_table(
        "queue_items",
        column("queue_id", sa.Uuid),
        column("place", sa.Integer),
        column("example_id", sa.Uuid),
        column("state", sa.Text),
        column("reviews", sa.SmallInteger),
        optional("held_by", sa.Uuid),
        optional("held_until", sa.DateTime(timezone=True)),
        optional("change_set_id", sa.Uuid),
        optional("decided_by", sa.Uuid),
        sa.PrimaryKeyConstraint("queue_id", "place", name="pk_queue_items"),
        refers("queue_items", "queue_id", "queues.id", cascades=True),
        refers("queue_items", "held_by", "api_keys.id"),
        refers("queue_items", "decided_by", "api_keys.id"),
    )
    for name, last, where in (
        ("open", "place", "state = 'open'"),
        ("disputed", "place", "state = 'disputed'"),
        ("held_by", "held_by", "held_by IS NOT NULL"),
    ):
        op.create_index(f"ix_queue_items_{name}", "queue_items", ["queue_id", last], postgresql_where=where)


def create_reviews() -> None:
    op.create_table(
        "reviews",
        column("queue_id", sa.Uuid),
        column("place", sa.Integer),
        column("key_id", sa.Uuid),
        column("given", JSONB),
        column("started_at", sa.DateTime(timezone=True)),
        optional("submitted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("queue_id", "place", "key_id", name="pk_reviews"),
        sa.ForeignKeyConstraint(
            ["queue_id", "place"],
            ["queue_items.queue_id", "queue_items.place"],
            name="fk_reviews_item",
            ondelete="CASCADE",
        ),
        refers("reviews", "key_id", "api_keys.id"),
    )


def create_reviewers() -> None:
    op.create_table(
        "queue_reviewers",
        column("queue_id", sa.Uuid),
        column("key_id", sa.Uuid),
        column("place", sa.Integer),
        column("reviews", sa.BigInteger),
        column("started_at", sa.DateTime(timezone=True)),
        column("seen_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("queue_id", "key_id", name="pk_queue_reviewers"),
        refers("queue_reviewers", "queue_id", "queues.id", cascades=True),
        refers("queue_reviewers", "key_id", "api_keys.id"),
    )

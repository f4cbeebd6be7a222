"""A narrow table of what examples are filtered, sorted and counted by, and indexes with the dataset in them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"

NUMBERS = tuple(f"number_{n}" for n in range(1, 13))
TEXTS = tuple(f"text_{n}" for n in range(1, 9))


def upgrade() -> None:
    # It comes with PostgreSQL, and whoever may create tables in a database may have it there.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.add_column("datasets", sa.Column("columns", JSONB, nullable=False, server_default="[]"))
    op.alter_column("datasets", "columns", server_default=None)
    create_facets()
    op.drop_index("ix_outputs_search", "outputs")
    op.drop_index("ix_outputs_fields", "outputs")
    op.create_index("ix_outputs_search", "outputs", ["dataset_id", "search"], postgresql_using="gin")
    paths = {"fields": "jsonb_path_ops"}
    op.create_index(
        "ix_outputs_fields", "outputs", ["dataset_id", "fields"], postgresql_using="gin", postgresql_ops=paths
    )
    op.drop_index("ix_examples_score", "examples")
    create_example_indexes()


def downgrade() -> None:
    for name in ("tags", "category", "score", "status"):
        op.drop_index(f"ix_examples_{name}", "examples")
    score = sa.text("coalesce(score, -1.0)")
    op.create_index("ix_examples_score", "examples", ["dataset_id", score, "id"])
    op.drop_index("ix_outputs_fields", "outputs")
    op.drop_index("ix_outputs_search", "outputs")
    op.create_index("ix_outputs_search", "outputs", ["search"], postgresql_using="gin")
    paths = {"fields": "jsonb_path_ops"}
    op.create_index("ix_outputs_fields", "outputs", ["fields"], postgresql_using="gin", postgresql_ops=paths)
    op.drop_table("facets")
    op.drop_column("datasets", "columns")
    op.execute("DROP EXTENSION btree_gin")


def create_facets() -> None:
    op.create_table(
        "facets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dataset_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Double) for name in NUMBERS),
        *(sa.Column(name, sa.Text) for name in TEXTS),
        sa.PrimaryKeyConstraint("id", name="pk_facets"),
        sa.ForeignKeyConstraint(["id"], ["outputs.id"], name="fk_facets_id", ondelete="CASCADE"),
    )
    # Those that were taken in before are found by their JSON: no column of theirs has a slot.
    op.execute("INSERT INTO facets (id, dataset_id) SELECT id, dataset_id FROM outputs")
    for name in (*NUMBERS, *TEXTS):
        seen = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_facets_{name}", "facets", ["dataset_id", name, "id"], postgresql_where=seen)


def create_example_indexes() -> None:
    op.create_index("ix_examples_status", "examples", ["dataset_id", "status", "id"])
    for name in ("score", "category"):
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_examples_{name}", "examples", ["dataset_id", name, "id"], postgresql_where=given)
    tagged = sa.text("tags <> '{}'")
    op.create_index(
        "ix_examples_tags", "examples", ["dataset_id", "tags"], postgresql_using="gin", postgresql_where=tagged
    )

"""People who sign in by name, the audit log, and how the scores of datasets are spread."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"

TENTHS = "CAST(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] AS float8[])"
COUNT_SCORES = f"""
    INSERT INTO score_counts (dataset_id, tenth, examples)
    SELECT dataset_id, width_bucket(score, {TENTHS}) AS tenth, count(*) FROM examples WHERE score IS NOT NULL
    GROUP BY dataset_id, tenth
"""
# An entry is written once. Retention removes it, nobody changes it.
REFUSE = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'what % tells is never changed', TG_TABLE_NAME; END $$
"""
STAYS = """
    CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR TRUNCATE ON audit_entries EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    create_score_counts()
    create_audit_entries()
    create_people()


def downgrade() -> None:
    op.drop_column("api_keys", "sessions_from")
    for table in ("sign_in_tries", "people", "audit_entries", "score_counts"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")


def column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def create_score_counts() -> None:
    op.create_table(
        "score_counts",
        column("dataset_id", sa.Uuid),
        column("tenth", sa.SmallInteger),
        column("examples", sa.BigInteger),
        sa.PrimaryKeyConstraint("dataset_id", "tenth", name="pk_score_counts"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_score_counts_dataset_id", ondelete="CASCADE"),
    )
    op.execute(COUNT_SCORES)


def create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        column("id", sa.Uuid),
        column("made_at", sa.DateTime(timezone=True)),
        column("action", sa.Text),
        column("who", sa.Text),
        sa.Column("key_id", sa.Uuid),
        sa.Column("tenant", sa.Text),
        sa.Column("address", sa.Text),
        column("subject", sa.Text),
        column("details", JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_audit_entries_key_id"),
    )
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])
    op.create_index("ix_audit_entries_who", "audit_entries", ["who", "id"])
    op.execute(REFUSE)
    op.execute(STAYS)


def create_people() -> None:
    op.add_column("api_keys", sa.Column("sessions_from", sa.DateTime(timezone=True)))
    op.create_table(
        "people",
        column("key_id", sa.Uuid),
        column("name", sa.Text),
        column("password_hash", sa.Text),
        sa.PrimaryKeyConstraint("key_id", name="pk_people"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_people_key_id"),
    )
    op.create_index("uq_people_name", "people", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "sign_in_tries",
        column("subject", sa.Text),
        column("failures", sa.Integer),
        column("last_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_tries"),
    )
    op.create_index("ix_sign_in_tries_last_at", "sign_in_tries", ["last_at"])

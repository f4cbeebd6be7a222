"""A chunk lists its requests in the order in which they run, and those that get the same answer; a request no longer
says which chunk it is in. Counts say what was computed once for several requests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"

SHARED = ("shared_requests", "shared_input_tokens", "shared_output_tokens")

LIST_LINES = """
    UPDATE chunks SET lines = (
        SELECT coalesce(array_agg(line ORDER BY line), '{}') FROM requests
        WHERE requests.batch_id = chunks.batch_id AND requests.chunk = chunks.number)
"""
NAME_CHUNKS = """
    UPDATE requests SET chunk = chunks.number
    FROM chunks, LATERAL (
        SELECT unnest(chunks.lines) AS line
        UNION ALL SELECT jsonb_array_elements(value)::int FROM jsonb_each(chunks.repeats)
    ) AS listed
    WHERE chunks.batch_id = requests.batch_id AND listed.line = requests.line
"""


def upgrade() -> None:
    op.add_column("chunks", sa.Column("lines", ARRAY(sa.Integer), nullable=False, server_default="{}"))
    op.add_column("chunks", sa.Column("repeats", JSONB, nullable=False, server_default="{}"))
    for table in ("chunks", "batches"):
        for column in SHARED:
            op.add_column(table, sa.Column(column, sa.BigInteger, nullable=False, server_default="0"))
            op.alter_column(table, column, server_default=None)
    op.execute(LIST_LINES)
    op.alter_column("chunks", "lines", server_default=None)
    op.alter_column("chunks", "repeats", server_default=None)
    key_is("batch_id", "line")
    op.drop_column("requests", "chunk")


def downgrade() -> None:
    op.add_column("requests", sa.Column("chunk", sa.Integer, nullable=False, server_default="0"))
    op.execute(NAME_CHUNKS)
    op.alter_column("requests", "chunk", server_default=None)
    key_is("batch_id", "chunk", "line")
    for table in ("chunks", "batches"):
        for column in SHARED:
            op.drop_column(table, column)
    op.drop_column("chunks", "repeats")
    op.drop_column("chunks", "lines")


def key_is(*columns: str) -> None:
    op.drop_constraint("pk_requests", "requests")
    op.create_primary_key("pk_requests", "requests", list(columns))

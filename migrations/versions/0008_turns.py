"""What decides whose turn it is: a chunk's work, how it begins and when it was released, and what a key weighs."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"

COLUMNS: dict[str, dict[str, tuple[type[TypeEngine[Any]], str]]] = {
    "chunks": {
        "estimated_tokens": (sa.BigInteger, "0"),
        "begins": (sa.LargeBinary, "\\x"),
        "ends": (sa.LargeBinary, "\\x"),
    },
    "api_keys": {"weight": (sa.Float, "1")},
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, (kind, default) in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
            op.alter_column(table, name, server_default=None)
    # About: what is due must count for something.
    op.execute("UPDATE chunks SET estimated_tokens = total * 1280 WHERE state <> 'done'")
    op.add_column("chunks", sa.Column("released_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_chunks_released_at", "chunks", ["released_at"], postgresql_where=sa.text("released_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_chunks_released_at", "chunks")
    op.drop_column("chunks", "released_at")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)

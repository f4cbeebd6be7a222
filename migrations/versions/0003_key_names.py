"""Two valid keys of a tenant never have one name, even when they are made in the same instant."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"

# The older key keeps the name.
TELL_APART = """
    UPDATE api_keys SET name = name || ' ' || id
    WHERE revoked_at IS NULL AND EXISTS (
        SELECT FROM api_keys AS older
        WHERE older.tenant = api_keys.tenant AND older.name = api_keys.name AND older.revoked_at IS NULL
          AND older.id < api_keys.id)
"""


def upgrade() -> None:
    op.execute(TELL_APART)
    op.create_index(
        "uq_api_keys_valid_name", "api_keys", ["tenant", "name"], unique=True, postgresql_where="revoked_at IS NULL"
    )


def downgrade() -> None:
    op.drop_index("uq_api_keys_valid_name", "api_keys")

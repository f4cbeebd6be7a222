"""`vbs key`."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.columns import show_columns
from cli.database import database_of
from cli.instance import Instance
from cli.options import data_option
from inference import api_keys, audit
from schemas import ids
from schemas.actions import Action
from schemas.settings import settings
from schemas.states import Role
from schemas.tables import ApiKey


@click.group()
def key() -> None:
    """API keys: who may call, and what they may do."""


@key.command("create")
@data_option
@click.option("--name", required=True, help="What the key is for.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.USER.value, show_default=True)
@click.option("--tenant", help="Whose files and batches it works on. Default: a tenant named like the key.")
@click.option("--requests-per-minute", type=click.IntRange(min=0), help="API calls a minute. 0: no limit.")
@click.option("--pending-requests", type=click.IntRange(min=0), help="Batch requests waiting or running. 0: no limit.")
@click.option("--stored-bytes", type=click.IntRange(min=0), help="Bytes kept in files. 0: no limit.")
@click.option(
    "--weight", type=click.FloatRange(0.01, 1000), default=1.0, help="Share of the workers beside other keys."
)
def create(data_dir: Path, name: str, role: str, tenant: str | None, weight: float, **limits: int | None) -> None:
    """Make a key and print it: it is shown this once. A folder that holds no system yet gets its database."""
    instance = Instance(data_dir)
    if not settings().database_url and not instance.is_made:
        click.echo(f"There was no data in {instance.data_dir} yet: this is its first key.", err=True)
    with database_of(data_dir, new=True) as database, Session(database) as session, session.begin():
        made, plain = api_keys.create(session, name, Role(role), tenant, weight=weight, **limits)
        named = {"name": made.name, "role": made.role, "tenant": made.tenant}
        audit.note(session, audit.COMMAND_LINE, Action.KEY_CREATED, ids.show(ids.KEY, made.id), **named)
    click.echo(plain)


@key.command("list")
@data_option
def list_keys(data_dir: Path) -> None:
    """Show all keys, without their secrets."""
    with database_of(data_dir) as database, Session(database) as session:
        rows = [_row(found) for found in api_keys.list_all(session)]
    show_columns(("id", "name", "tenant", "role", "key", "made", "state"), rows)


@key.command("revoke")
@data_option
@click.argument("key_id")
def revoke(data_dir: Path, key_id: str) -> None:
    """Make a key useless, at once and for ever."""
    with database_of(data_dir) as database, Session(database) as session, session.begin():
        name = api_keys.revoke(session, key_id).name
        audit.note(session, audit.COMMAND_LINE, Action.KEY_REVOKED, key_id, name=name)
    click.echo(f"The key {name} is revoked.")


def _row(found: ApiKey) -> tuple[str, ...]:
    state = "revoked" if found.revoked_at else "valid"
    made = f"{found.created_at:%Y-%m-%d}"
    return ids.show(ids.KEY, found.id), found.name, found.tenant, found.role, found.hint, made, state

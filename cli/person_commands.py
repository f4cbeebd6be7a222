"""`vbs person`."""

from pathlib import Path
from typing import Final

import click
from sqlalchemy.orm import Session

from cli.columns import show_columns
from cli.database import database_of
from cli.options import data_option
from inference import audit, people
from schemas import ids
from schemas.actions import Action
from schemas.states import Role
from schemas.tables import ApiKey

ROLES: Final = click.Choice([role.value for role in Role])


@click.group()
def person() -> None:
    """People: who may sign in to the pages by name."""


@person.command("add")
@data_option
@click.argument("name")
@click.option("--role", type=ROLES, default=Role.CURATOR.value, show_default=True)
@click.option("--tenant", required=True, help="Whose files, batches and datasets this is about.")
def add(data_dir: Path, name: str, role: str, tenant: str) -> None:
    """Add somebody. The password is asked for."""
    password = asked_password()
    with database_of(data_dir) as database, Session(database) as session, session.begin():
        new = people.add(session, name, password, Role(role), tenant)
        _note(session, new, Action.PERSON_ADDED, role=new.role, tenant=new.tenant)
    click.echo(f"{name} can sign in now.")


@person.command("list")
@data_option
def list_people(data_dir: Path) -> None:
    """Show everybody."""
    with database_of(data_dir) as database, Session(database) as session:
        rows = [_row(found) for found in people.list_all(session)]
    show_columns(("name", "tenant", "role", "added", "state"), rows)


@person.command("disable")
@data_option
@click.argument("name")
def disable(data_dir: Path, name: str) -> None:
    """Let somebody in no more, from the next page on."""
    with database_of(data_dir) as database, Session(database) as session, session.begin():
        found = people.named(session, name)
        people.disable(session, found)
        _note(session, found, Action.PERSON_CHANGED, disabled=True)
    click.echo(f"{name} can't sign in any more.")


@person.command("enable")
@data_option
@click.argument("name")
def enable(data_dir: Path, name: str) -> None:
    """Let somebody in again."""
    with database_of(data_dir) as database, Session(database) as session, session.begin():
        found = people.named(session, name)
        people.enable(session, found)
        _note(session, found, Action.PERSON_CHANGED, disabled=False)
    click.echo(f"{name} can sign in again.")


@person.command("password")
@data_option
@click.argument("name")
def change_password(data_dir: Path, name: str) -> None:
    """Give somebody another password, which is asked for, and end all his sessions."""
    password = asked_password()
    with database_of(data_dir) as database, Session(database) as session, session.begin():
        found = people.named(session, name)
        people.change_password(session, found, password)
        _note(session, found, Action.PASSWORD_CHANGED)
    click.echo(f"The password of {name} is changed.")


def asked_password() -> str:
    """Never an argument: arguments are in the shell's history and in the list of processes."""
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _note(session: Session, about: ApiKey, action: Action, **details: object) -> None:
    audit.note(session, audit.COMMAND_LINE, action, ids.show(ids.KEY, about.id), name=about.name, **details)


def _row(found: ApiKey) -> tuple[str, ...]:
    state = "disabled" if found.revoked_at else "enabled"
    return found.name, found.tenant, found.role, f"{found.created_at:%Y-%m-%d}", state

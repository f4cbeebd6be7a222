"""`vbs person`: the password is asked for, and never shown."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from cli.main import vbs
from inference import audit, people
from inference.audit import Filter
from schemas.errors import SignInRefused

PASSWORD = "correct horse battery"


def call(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(vbs, ["person", *words], input=typed)


def add(name: str = "Ada", password: str = PASSWORD) -> Result:
    return call("add", name, "--tenant", "acme", "--role", "curator", typed=f"{password}\n{password}\n")


def test_somebody_is_added_with_a_password_that_is_asked_for(database_url: str, session: Session) -> None:
    done = add()
    assert (done.exit_code, done.stdout) == (0, "Ada can sign in now.\n")
    assert PASSWORD not in done.output
    assert people.authenticate(session, "ada", PASSWORD).tenant == "acme"
    assert "Ada   acme    curator" in call("list").stdout


def test_a_password_that_is_too_short_or_a_name_that_is_taken_is_a_message(database_url: str) -> None:
    assert "12 to 200 characters" in add(password="short").output
    add()
    done = add("ADA")
    assert done.exit_code == 1
    assert "named 'ADA' already" in done.output


def test_somebody_is_disabled_and_enabled_and_gets_another_password(database_url: str, session: Session) -> None:
    add()
    assert call("disable", "ada").stdout == "ada can't sign in any more.\n"
    with pytest.raises(SignInRefused):
        people.authenticate(session, "ada", PASSWORD)
    session.rollback()
    assert "disabled" in call("list").stdout
    call("enable", "ada")
    call("password", "ada", typed="another password\nanother password\n")
    assert people.authenticate(session, "ada", "another password").name == "Ada"
    told = [entry.action for entry in audit.list_page(session, Filter(who="command line"), None, 10).items]
    assert told == ["password_changed", "person_changed", "person_changed", "person_added"]


def test_somebody_unknown_is_a_message(database_url: str) -> None:
    done = call("disable", "nobody")
    assert (done.exit_code, done.output) == (1, "Error: No such person: nobody\n")

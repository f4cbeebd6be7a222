"""`vbs key` on a data folder where nothing runs, and on a database of one's own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from inference import api_keys
from schemas.settings import environment_of, settings
from schemas.states import Role

ROOT = Path(__file__).parents[3]


def vbs(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *words]
    return subprocess.run(
        command, env=environment_of(settings()), cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_create_prints_only_the_key_and_the_key_works(database_url: str, session: Session) -> None:
    done = vbs("key", "create", "--name", "hr", "--role", "curator", "--tenant", "people", "--stored-bytes", "1000")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"vbs-\S+\n", done.stdout)
    key = api_keys.authenticate(session, done.stdout.strip())
    assert (key.name, key.role, key.tenant, key.stored_bytes) == ("hr", Role.CURATOR, "people", 1000)


def test_a_revoked_key_is_listed_as_such(database_url: str, session: Session) -> None:
    vbs("key", "create", "--name", "gone")
    key_id = re.search(r"key_\w{32}", vbs("key", "list").stdout)
    assert key_id is not None
    assert vbs("key", "revoke", key_id[0]).stdout == "The key gone is revoked.\n"
    assert "revoked" in vbs("key", "list").stdout


def test_a_name_that_is_taken_is_a_message_and_no_key(database_url: str) -> None:
    vbs("key", "create", "--name", "hr")
    done = vbs("key", "create", "--name", "hr")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has a valid key named 'hr' already" in done.stderr


def test_an_unknown_key_is_a_message_and_not_a_traceback(database_url: str) -> None:
    done = vbs("key", "revoke", "key_1")
    assert done.returncode == 1
    assert done.stderr == "Error: No such API key: key_1\n"


def test_a_folder_that_is_still_empty_gets_its_first_key_and_it_says_so(open_folder: Path) -> None:
    data = open_folder / "data"
    made = vbs("key", "create", "--name", "early", "--data", str(data))
    assert re.fullmatch(r"vbs-\S+\n", made.stdout), made.stderr
    assert f"There was no data in {data} yet" in made.stderr
    assert "early" in vbs("key", "list", "--data", str(data)).stdout
    assert vbs("key", "create", "--name", "next", "--data", str(data)).stderr == ""


@pytest.mark.parametrize(
    "words", ["key list", "key revoke key_1", "db upgrade", "status", "down", "batch list", "batch get batch_1"]
)
def test_a_mistyped_folder_is_refused_and_not_made(words: str, open_folder: Path) -> None:
    data = open_folder / "dtaa"
    done = vbs(*words.split(), "--data", str(data))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: There is no data in {data}; `vbs up --data {data}` makes it.\n"
    assert not data.exists()

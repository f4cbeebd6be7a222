"""The key that opens a new system."""

from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cli.embedded import private_file
from inference import api_keys
from schemas.states import Role
from schemas.tables import ApiKey

NAME = "first"


def make_first_key(database: Engine, kept_in: Path) -> str | None:
    """An administrator's key for a system without any; None when it has keys already.

    The file is written before the commit: a key that nobody knows is worse than a file that opens nothing.
    """
    with Session(database) as session, session.begin():
        if session.scalar(select(ApiKey.id).limit(1)) is not None:
            return None
        _, key = api_keys.create(session, NAME, Role.ADMIN)
        private_file(kept_in, key + "\n")
    return key

"""The database of a data folder, for a command that needs it for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from cli.embedded import EmbeddedPostgres
from cli.instance import Instance
from migrations.run import upgrade
from schemas.database import unpooled_engine
from schemas.errors import StartFailed
from schemas.settings import settings


@contextmanager
def database_of(data_dir: Path, *, new: bool = False) -> Iterator[Engine]:
    """Its database, migrated: the one that runs, or else its own, started for as long as the block lasts.

    A folder without one is refused, unless `new` says that it may be made.
    """
    with url_of(Instance(data_dir), new=new) as url:
        upgrade(url)
        yield unpooled_engine(url)


@contextmanager
def url_of(instance: Instance, *, new: bool = False) -> Iterator[str]:
    """Where it is, as it is."""
    running = instance.running()
    if settings().database_url:
        yield settings().database_url
    elif running is not None and running.database_url:
        yield running.database_url
    elif running is not None:
        raise StartFailed(f"The system on {instance.data_dir} is still starting; try again when it is ready.")
    else:
        if not new:
            instance.check_made()
        with instance.hold():
            server = EmbeddedPostgres(instance.data_dir)
            try:
                yield server.start()
            finally:
                server.stop()

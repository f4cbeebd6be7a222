"""Contents that no row tells of: a process that is killed while it writes one, or before its commit, leaves it behind.

They are removed when they are a day old, which is far longer than it takes from the last byte to the commit. A database
that is younger than its file store, or restored from a backup, knows nothing of what was there before: that is spared.
"""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text

from inference.file_store import Removal, file_store
from schemas import ids
from schemas.database import OpenSession
from schemas.tables import ApiKey

log = logging.getLogger(__name__)

AGE: Final = timedelta(days=1)
AT_ONCE: Final = 5000
FOLDERS: Final = ("input", "parts", "output", "failed", ".health")
# Every restore leaves an id here, which tells when it was.
RESTORES: Final = ".restored"
EVER: Final = datetime.max.replace(tzinfo=UTC)
# `input/file-0190....jsonl`, and while it is being written, `input/.file-0190....jsonl.5eed1234`.
NAME: Final = re.compile(r"[.a-z]+/\.?(?:file-|part_|batch_)?([0-9a-f]{32})(?:\.jsonl)?(?:\.[0-9a-f]{8})?")

WITHOUT_ROW: Final = text("""
    SELECT location FROM unnest(CAST(:locations AS text[])) AS stored (location)
    WHERE NOT EXISTS (SELECT FROM files WHERE files.location = stored.location AND files.purged_at IS NULL)
      AND NOT EXISTS (SELECT FROM upload_parts WHERE upload_parts.location = stored.location)
""")


def remove_strays(open_session: OpenSession, moment: datetime) -> Removal:
    """Remove what is in the file store, but in no table."""
    removal = Removal()
    with open_session() as session:
        first_key_at = session.scalar(select(func.min(ApiKey.created_at)))
    began = first_key_at and max([first_key_at, *_restored_at()])
    found = iter(()) if began is None else _made_since(began, older_than=moment - AGE)
    while locations := list(islice(found, AT_ONCE)):
        with open_session() as session:
            strays = session.scalars(WITHOUT_ROW, {"locations": locations}).all()
        for location in strays:
            log.info("%s is in no table and goes", location)
            removal.add(file_store().remove(location))
    return removal


def _restored_at() -> Iterator[datetime]:
    for _, made_at in _contents(RESTORES, EVER):
        yield made_at


def _made_since(began: datetime, older_than: datetime) -> Iterator[str]:
    for folder in FOLDERS:
        for location, made_at in _contents(folder, older_than):
            if made_at >= began:
                yield location


def _contents(folder: str, older_than: datetime) -> Iterator[tuple[str, datetime]]:
    """Contents under names that we give, and when. What else may lie there is none of ours."""
    for location in file_store().written_before(folder, older_than):
        if name := NAME.fullmatch(location):
            yield location, ids.made_at(UUID(name[1]))

"""Writing an export's file.

All of it is read in one transaction, so that it is what the view held at one moment, whatever is changed meanwhile. A
writer that dies leaves nothing, and the next one starts over.
"""

import logging
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from curation import refilling, resuming
from curation.exports import life, reading
from curation.exports.duplicates import SeenInDatabase
from curation.exports.manifest import manifest_of
from curation.exports.options import Options
from curation.exports.tally import Tally, tallied
from curation.exports.tokens import TokenCounter, sources
from curation.formats.learned import Learned
from curation.formats.table import format_named
from inference import files, quotas
from inference.batch_lock import try_lock
from inference.file_store import file_store
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import DatasetNotFound, ExportNotFound, RequestInvalid, VbsError
from schemas.states import ExportStatus
from schemas.tables import ApiKey, Dataset, Export
from schemas.tables.base import now

log = logging.getLogger(__name__)

COUNTED: Final = 5000
PROGRESS_SECONDS: Final = 1.0
MAY_TAKE_LONG: Final = text("SET LOCAL idle_in_transaction_session_timeout = 0")
ONE_MOMENT: Final = {"isolation_level": "REPEATABLE READ"}


def run(open_session: OpenSession, export_id: UUID) -> None:
    """Write the file, unless that is done or somebody is at it, or what its view holds is yet to be seen."""
    with open_session() as session:
        session.connection(execution_options=ONE_MOMENT)
        session.execute(MAY_TAKE_LONG)
        if not try_lock(session, export_id) or _is_held_up(session, export_id):
            return
        try:
            export = _started(open_session, export_id)
            if export is not None:
                _write(session, open_session, export)
        except VbsError as error:
            log.warning("export %s has no file: %s", export_id, error.message)
            _give_up(open_session, export_id, error.message)


def _is_held_up(session: Session, export_id: UUID) -> bool:
    export = session.get(Export, export_id)
    dataset = session.get(Dataset, export.dataset_id) if export else None
    return export is not None and dataset is not None and refilling.holds_up(dataset, life.filters_of(export))


def _started(open_session: OpenSession, export_id: UUID) -> Export | None:
    with open_session() as session:
        export = session.get(Export, export_id, with_for_update=True)
        if export is None or export.status != ExportStatus.RUNNING:
            return None
        export.done = 0
        if not resuming.attempt(export):
            return None
        dataset = session.get(Dataset, export.dataset_id)
    if dataset is None or dataset.deleted_at is not None:
        raise DatasetNotFound(ids.show(ids.DATASET, export.dataset_id))
    return export


def _write(session: Session, open_session: OpenSession, export: Export) -> None:
    form, options, tally, digest = format_named(export.format), Options(**export.options), Tally(), sha256()
    counter = TokenCounter(sources(session), COUNTED)
    view, deciders = life.filters_of(export), options.deciders(form)
    pages = reading.pages(lambda: nullcontext(session), export.dataset_id, view, deciders)
    watched = _watched(pages, open_session, export.id)
    records = tallied(watched, options, form, SeenInDatabase(session), counter, tally)
    with files.incoming("output") as content:
        content.receive(_file_name(session, export, form.suffix), _hashed(form.encode(records), digest))
        if not tally.examples:
            raise RequestInvalid("No example of this view makes a line of this format.")
        with open_session() as own:
            _end(own, export.id, content, digest.hexdigest(), tally)


def _watched(
    pages: Iterable[Sequence[Learned]], open_session: OpenSession, export_id: UUID
) -> Iterator[Sequence[Learned]]:
    """Says how far it is, about once a second, and ends where there is no room left, or nobody waits any more."""
    done, said = 0, time.monotonic()
    for page in pages:
        yield page
        done += len(page)
        if time.monotonic() - said >= PROGRESS_SECONDS:
            said = time.monotonic()
            file_store().check_room(0)
            with open_session() as session:
                _say(session, export_id, done)


def _say(session: Session, export_id: UUID, done: int) -> None:
    running = (Export.id == export_id, Export.status == ExportStatus.RUNNING)
    said = update(Export).where(*running).values(done=done, advanced_at=now()).returning(Export.id)
    if session.scalar(said) is None:
        raise ExportNotFound(ids.show(ids.EXPORT, export_id))


def _hashed(blocks: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for block in blocks:
        digest.update(block)
        yield block


def _end(session: Session, export_id: UUID, content: files.Incoming, file_sha256: str, tally: Tally) -> None:
    export = session.get(Export, export_id, with_for_update=True)
    dataset = session.get(Dataset, export.dataset_id) if export else None
    if export is None:
        raise ExportNotFound(ids.show(ids.EXPORT, export_id))
    if dataset is None or dataset.deleted_at is not None:
        raise DatasetNotFound(ids.show(ids.DATASET, export.dataset_id))
    key = session.get_one(ApiKey, export.key_id)
    limit = quotas.limits_of(key).stored_bytes
    purpose = format_named(export.format).purpose
    file = files.register(session, export.tenant, purpose, content, stored_limit=limit)
    export.file_id = file.id
    export.manifest = manifest_of(export, dataset, key, file, file_sha256, tally)
    export.examples = tally.examples
    export.status, export.done, export.ended_at = ExportStatus.DONE, export.total, now()


def _give_up(open_session: OpenSession, export_id: UUID, problem: str) -> None:
    with open_session() as session:
        export = session.get(Export, export_id, with_for_update=True)
        if export is not None and export.status == ExportStatus.RUNNING:
            export.status, export.problem, export.ended_at = ExportStatus.BROKEN, problem, now()


def _file_name(session: Session, export: Export, suffix: str) -> str:
    dataset = session.get(Dataset, export.dataset_id)
    name = re.sub(r"[^\w.]+", "-", dataset.name if dataset else "")[:60].strip("-.") or "export"
    return f"{name}-{export.format}-v{export.version}.{suffix}"

"""Saving task schemas: each save of something new is a version, and nothing that was saved is ever changed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from curation.task_schemas import checks, reading
from curation.task_schemas.built_in import built_in
from curation.task_schemas.faults import Fault
from curation.task_schemas.formatting import formatted
from curation.task_schemas.registry import Found, check_name, get
from schemas.errors import Conflict, RequestInvalid, TaskSchemaInvalid, TaskSchemaNotFound
from schemas.ids import new_id
from schemas.tables import TaskSchema, TaskSchemaVersion
from schemas.tables.base import now

MOST_AT_ONCE: Final = 100
LARGEST_IMPORT: Final = 1_048_576


def create(session: Session, tenant: str, key_id: UUID, text: str) -> Found:
    """A new one, under a name that nothing has yet."""
    document = _checked(text)
    row = _row_for(session, tenant, document["name"])
    if row.latest and row.archived_at is None:
        raise _taken(f"There is a task schema `{row.name}` already: save a new version of it, or choose another name.")
    return _write(session, row, document, key_id)


def save(session: Session, tenant: str, key_id: UUID, name: str, text: str, based_on: int | None = None) -> Found:
    """A new version of one that there is. With `based_on`: only while that is the newest."""
    known = get(session, tenant, name)
    document = _checked(text)
    if document["name"] != name:
        raise RequestInvalid(f"This is `{document['name']}`, and not a version of `{name}`.", param="name")
    row = _row_for(session, tenant, known.name)
    if based_on is not None and based_on != row.latest:
        raise Conflict(f"Somebody has saved version {row.latest} meanwhile. Load it, and look.", param="based_on")
    return _write(session, row, document, key_id)


def import_all(session: Session, tenant: str, key_id: UUID, text: str) -> Sequence[Found]:
    """Many at once, each new or a new version: all of them, or none where one has a fault."""
    source = reading.read(text, LARGEST_IMPORT)
    documents = source.value.get("schemas") if isinstance(source.value, dict) else None
    faults = [*source.faults] or _faults_of_all(documents)
    if faults or documents is None:
        raise TaskSchemaInvalid(source.shown(faults))
    # Two imports at once take the rows in one order, so that neither waits for the other for ever.
    rows = {name: _row_for(session, tenant, name) for name in sorted(document["name"] for document in documents)}
    return [_write(session, rows[document["name"]], document, key_id) for document in documents]


def archive(session: Session, tenant: str, name: str) -> Found:
    """It is in no list any more. Its versions can be read still, and `restore` brings it back."""
    row = _own(session, tenant, name)
    row.archived_at = row.archived_at or now()
    session.flush()
    return get(session, tenant, name)


def restore(session: Session, tenant: str, name: str) -> Found:
    row = _own(session, tenant, name)
    row.archived_at = None
    session.flush()
    return get(session, tenant, name)


def _taken(message: str) -> Conflict:
    return Conflict(message, code="name_taken", param="name")


def _checked(text: str) -> Mapping[str, Any]:
    checked = checks.check(text)
    if checked.faults:
        raise TaskSchemaInvalid(checked.faults)
    return checked.document


def _faults_of_all(documents: object) -> list[Fault]:
    path = ("schemas",)
    if not isinstance(documents, list) or not 0 < len(documents) <= MOST_AT_ONCE:
        return [Fault(path, f"Must be a list of 1 to {MOST_AT_ONCE} task schemas.")]
    found = [
        fault.below(*path, number) for number, document in enumerate(documents) for fault in checks.faults_of(document)
    ]
    seen: set[str] = set()
    for number, document in enumerate([] if found else documents):
        if document["name"] in built_in():
            found.append(Fault((*path, number, "name"), "Is the name of one that is built in: choose another."))
        if document["name"] in seen:
            found.append(Fault((*path, number, "name"), "Stands here twice."))
        seen.add(document["name"])
    return found


def _row_for(session: Session, tenant: str, name: str) -> TaskSchema:
    """The row of this name, made if there is none, and locked: of two that save at once the second comes after."""
    if name in built_in():
        raise _taken(f"`{name}` is built in. Save yours under another name.")
    new = {"id": new_id(), "tenant": tenant, "name": name, "latest": 0, "created_at": now()}
    session.execute(insert(TaskSchema).values(new).on_conflict_do_nothing())
    return _own(session, tenant, name)


def _own(session: Session, tenant: str, name: str) -> TaskSchema:
    check_name(name)
    query = select(TaskSchema).where(TaskSchema.tenant == tenant, TaskSchema.name == name).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        if name in built_in():
            raise Conflict(f"`{name}` is built in, and stays.")
        raise TaskSchemaNotFound(name)
    return row


def _write(session: Session, row: TaskSchema, document: Mapping[str, Any], key_id: UUID) -> Found:
    """What the newest version says already makes no other."""
    row.archived_at = None
    if not row.latest or _text(document, row.latest) != _newest(session, row):
        row.latest += 1
        text = _text(document, row.latest)
        version = TaskSchemaVersion(
            task_schema_id=row.id, version=row.latest, title=document["title"], document=text, key_id=key_id
        )
        session.add(version)
    session.flush()
    return get(session, row.tenant, row.name)


def _newest(session: Session, row: TaskSchema) -> str | None:
    return session.scalar(
        select(TaskSchemaVersion.document).where(
            TaskSchemaVersion.task_schema_id == row.id, TaskSchemaVersion.version == row.latest
        )
    )


def _text(document: Mapping[str, Any], version: int) -> str:
    """With its number behind its name, whatever number it came with."""
    rest = {name: value for name, value in document.items() if name not in ("name", "version")}
    return formatted({"name": document["name"], "version": version} | rest)

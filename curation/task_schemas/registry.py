"""All task schemas that a tenant has: its own, in their versions, and those that come with the program."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curation.task_schemas.built_in import built_in
from inference.paging import Page, page_of
from schemas.errors import CursorUnknown, RequestInvalid, TaskSchemaNotFound
from schemas.limits import LARGEST_INTEGER
from schemas.tables import ApiKey, TaskSchema, TaskSchemaVersion
from schemas.text import is_storable


@dataclass(frozen=True, slots=True)
class Found:
    """One version of a task schema."""

    name: str
    version: int
    title: str
    text: str
    # The number of the newest version.
    latest: int
    archived_at: datetime | None = None
    # Nobody made one that came with the program.
    made_at: datetime | None = None
    made_by: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.text)
        return found

    @property
    def reference(self) -> str:
        """How a dataset names it."""
        return f"{self.name}@{self.version}"

    @property
    def is_built_in(self) -> bool:
        return self.made_at is None


def get(session: Session, tenant: str, name: str, version: int | None = None) -> Found:
    """The newest version, or the one that is asked for."""
    check_name(name)
    wanted = TaskSchema.latest if version is None else min(version, LARGEST_INTEGER)
    own = session.execute(_versions(tenant).where(TaskSchema.name == name, TaskSchemaVersion.version == wanted)).first()
    found = _own(own) if own else _built_in(name, version)
    if found is None:
        raise TaskSchemaNotFound(name if version is None else f"{name}@{version}")
    return found


def get_referred(session: Session, tenant: str, reference: str) -> Found:
    """By `name@version`, or by its name alone: the newest then."""
    name, at, digits = reference.partition("@")
    if at and not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise RequestInvalid("A task is named as `name@version`, or by its name alone.", param="task")
    return get(session, tenant, name, int(digits) if at else None)


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Found]:
    """By their names. `after` is the name of the last one of the page before. Archived ones are left out."""
    if after is not None and not is_storable(after):
        raise CursorUnknown(after)
    by_name = TaskSchema.name.collate("C")
    query = _versions(tenant).where(TaskSchemaVersion.version == TaskSchema.latest, TaskSchema.archived_at.is_(None))
    query = query.where(by_name > (after or "")).order_by(by_name).limit(limit + 1)
    own = {found.name: found for found in map(_own, session.execute(query))}
    shipped = {name: found for name in built_in() if name > (after or "") and (found := _built_in(name, None))}
    both = shipped | own
    return page_of([both[name] for name in sorted(both)][: limit + 1], limit)


def versions(session: Session, tenant: str, name: str, before: int | None, limit: int) -> Page[Found]:
    """The newest first. `before` is the number of the last one of the page before."""
    get(session, tenant, name)
    upto = LARGEST_INTEGER if before is None else min(before, LARGEST_INTEGER)
    query = _versions(tenant).where(TaskSchema.name == name, TaskSchemaVersion.version < upto)
    own = session.execute(query.order_by(TaskSchemaVersion.version.desc()).limit(limit + 1)).all()
    shipped = [number for number in sorted(built_in().get(name, ()), reverse=True) if number < upto]
    found = [_own(row) for row in own] or [one for number in shipped if (one := _built_in(name, number))]
    return page_of(found[: limit + 1], limit)


def check_name(name: str) -> None:
    """One that can't be stored is of nothing that is."""
    if not is_storable(name):
        raise TaskSchemaNotFound(name)


def _versions(tenant: str) -> Select[TaskSchema, TaskSchemaVersion, str]:
    return (
        select(TaskSchema, TaskSchemaVersion, ApiKey.name.label("made_by"))
        .join(TaskSchemaVersion, TaskSchemaVersion.task_schema_id == TaskSchema.id)
        .join(ApiKey, ApiKey.id == TaskSchemaVersion.key_id)
        .where(TaskSchema.tenant == tenant)
    )


def _own(row: Row[TaskSchema, TaskSchemaVersion, str]) -> Found:
    schema, version, made_by = row
    return Found(
        schema.name,
        version.version,
        version.title,
        version.document,
        schema.latest,
        schema.archived_at,
        version.made_at,
        made_by,
    )


def _built_in(name: str, version: int | None) -> Found | None:
    known: Mapping[int, str] = built_in().get(name, {})
    if not known:
        return None
    wanted = max(known) if version is None else version
    if wanted not in known:
        return None
    return Found(name, wanted, orjson.loads(known[wanted])["title"], known[wanted], max(known))

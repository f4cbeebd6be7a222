"""Who did what, when and from where: written in the transaction of what it tells of, and never changed after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from inference.paging import Page, newest_page
from schemas import ids
from schemas.actions import Action
from schemas.database import OpenSession, delete_in_parts
from schemas.limits import LONGEST_WHO
from schemas.settings import settings
from schemas.tables import AuditEntry
from schemas.tables.base import now
from schemas.text import storable

# What a program, or somebody who was not let in, may do a thousand times a second is told once a minute.
SELDOM: Final = frozenset({Action.SIGN_IN_FAILED, Action.ROLE_REFUSED, Action.DATA_DOWNLOADED})
PAUSE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Actor:
    who: str
    address: str | None = None
    tenant: str | None = None
    key_id: UUID | None = None


COMMAND_LINE: Final = Actor("command line")


@dataclass(frozen=True, slots=True)
class Filter:
    action: Action | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    key_id: UUID | None = None


def note(session: Session, actor: Actor, action: Action, subject: str = "", **details: Any) -> None:
    if action in SELDOM and _was_told(session, actor, action, subject):
        return
    entry = AuditEntry(
        action=action,
        who=storable(actor.who)[:LONGEST_WHO],
        key_id=actor.key_id,
        tenant=actor.tenant,
        address=actor.address,
        subject=subject,
        details=details,
    )
    session.add(entry)


def list_page(session: Session, wanted: Filter, after: str | None, limit: int) -> Page[AuditEntry]:
    query = select(AuditEntry)
    if wanted.action is not None:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.who is not None:
        query = query.where(AuditEntry.who == wanted.who)
    if wanted.key_id is not None:
        query = query.where(AuditEntry.key_id == wanted.key_id)
    # Ids sort by the time at which they were made.
    if wanted.since is not None:
        query = query.where(AuditEntry.id >= ids.earliest(wanted.since))
    if wanted.until is not None:
        query = query.where(AuditEntry.id < ids.earliest(wanted.until))
    return newest_page(session, query, AuditEntry.id, ids.AUDIT_ENTRY, after, limit)


def purge(open_session: OpenSession, moment: datetime) -> int:
    """Remove what is older than the settings say."""
    oldest = moment - timedelta(days=settings().audit_retention_days)
    return delete_in_parts(open_session, AuditEntry, [AuditEntry.id], AuditEntry.id < ids.earliest(oldest))


def _was_told(session: Session, actor: Actor, action: Action, subject: str) -> bool:
    query = select(AuditEntry.id).where(
        AuditEntry.id >= ids.earliest(now() - PAUSE),
        AuditEntry.action == action,
        AuditEntry.subject == subject,
        AuditEntry.key_id.is_not_distinct_from(actor.key_id),
        AuditEntry.address.is_not_distinct_from(actor.address),
    )
    return session.scalar(query.limit(1)) is not None

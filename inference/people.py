"""People: keys with a password, under which somebody signs in by name."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inference import passwords
from schemas import ids
from schemas.actions import Action
from schemas.errors import Conflict, PersonNameTaken, PersonNotFound, RequestInvalid, SignInRefused
from schemas.states import Role
from schemas.tables import ApiKey, AuditEntry, Person
from schemas.tables.base import now

LONGEST_NAME: Final = 100
# What the list of keys shows in the place of a token.
HINT: Final = "(password)"
DIGEST_BYTES: Final = 32
REMEMBERED: Final = timedelta(days=30)


def add(session: Session, name: str, password: str, role: Role, tenant: str) -> ApiKey:
    """Somebody new. No token has the digest of this key: it opens nothing but the pages."""
    for param, value in (("name", name), ("tenant", tenant)):
        if not 0 < len(value.strip()) <= LONGEST_NAME or not value.isprintable():
            raise RequestInvalid(f"A {param} has 1 to {LONGEST_NAME} printable characters.", param=param)
    hashed = passwords.hash_of(password)
    key = ApiKey(name=name.strip(), tenant=tenant.strip(), role=role, hint=HINT, digest=os.urandom(DIGEST_BYTES))
    try:
        with session.begin_nested():
            session.add(key)
            session.flush()
            session.add(Person(key_id=key.id, name=key.name, password_hash=hashed))
    except IntegrityError:
        raise PersonNameTaken(name.strip()) from None
    return key


def authenticate(session: Session, name: str, password: str) -> ApiKey:
    """Who this is. One answer to all that is wrong: it tells nobody which names exist."""
    found = session.execute(
        select(ApiKey, Person.password_hash)
        .join(Person, Person.key_id == ApiKey.id)
        .where(func.lower(Person.name) == func.lower(name), ApiKey.revoked_at.is_(None))
    ).one_or_none()
    if not passwords.is_right(password, found.password_hash if found else None) or found is None:
        raise SignInRefused("This name and password don't belong together, or the person is disabled.")
    key: ApiKey = found[0]
    return key


def has_come_from(session: Session, name: str, address: str) -> bool:
    """Whether somebody has signed in under this name from this address, not long ago."""
    query = (
        select(AuditEntry.id)
        .join(Person, Person.key_id == AuditEntry.key_id)
        .where(func.lower(Person.name) == func.lower(name), AuditEntry.address == address)
        .where(AuditEntry.action == Action.SIGNED_IN, AuditEntry.id >= ids.earliest(now() - REMEMBERED))
    )
    return session.scalar(query.limit(1)) is not None


def list_all(session: Session) -> Sequence[ApiKey]:
    """By name, disabled ones too."""
    query = select(ApiKey).join(Person, Person.key_id == ApiKey.id).order_by(func.lower(Person.name))
    return session.scalars(query).all()


def find(session: Session, public_id: str) -> ApiKey:
    return _only(session, ApiKey.id == ids.parse(ids.KEY, public_id, PersonNotFound), public_id)


def named(session: Session, name: str) -> ApiKey:
    return _only(session, func.lower(Person.name) == func.lower(name), name)


def _only(session: Session, condition: ColumnElement[bool], shown: str) -> ApiKey:
    query = select(ApiKey).join(Person, Person.key_id == ApiKey.id).where(condition)
    key = session.scalar(query.with_for_update(of=ApiKey))
    if key is None:
        raise PersonNotFound(shown)
    return key


def is_person(session: Session, key: ApiKey) -> bool:
    return session.get(Person, key.id) is not None


def disable(session: Session, key: ApiKey) -> None:
    """All sessions end, and stay ended when the person is enabled again."""
    key.revoked_at = key.revoked_at or now()
    sign_out_everywhere(key)


def enable(session: Session, key: ApiKey) -> None:
    try:
        with session.begin_nested():
            key.revoked_at = None
            session.flush()
    except IntegrityError:
        raise Conflict(f"Another key of the tenant is named '{key.name}' by now: revoke that first.") from None


def change_password(session: Session, key: ApiKey, password: str) -> None:
    """All sessions end: whoever knew the old one is out."""
    session.get_one(Person, key.id).password_hash = passwords.hash_of(password)
    sign_out_everywhere(key)


def check_password(session: Session, key: ApiKey, password: str) -> None:
    if not passwords.is_right(password, session.get_one(Person, key.id).password_hash):
        raise RequestInvalid("This is not your password.", param="password")


def sign_out_everywhere(key: ApiKey) -> None:
    key.sessions_from = now()

"""People who sign in by name, and how often somebody has tried to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, now


class Person(Base):
    """A key with a password in the place of its token. Role and tenant are the key's, and so is all that it does."""

    __tablename__ = "people"
    __table_args__ = (Index("uq_people_name", text("lower(name)"), unique=True),)

    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    # What somebody signs in by: one of its kind in all tenants.
    name: Mapped[str]
    password_hash: Mapped[str]


class SignInTry(Base):
    """How often in a row somebody failed to sign in under a name, or from an address."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index("ix_sign_in_tries_last_at", "last_at"),)

    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(default=now)

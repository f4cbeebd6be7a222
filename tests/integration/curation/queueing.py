"""Queues as several people work on them."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curation import holding, reviewing, wanted
from schemas.database import session_scope
from schemas.tables import Example, Queue, QueueItem

MakeQueue = Callable[..., Queue]
APPROVE, REJECT = {"status": "approved"}, {"status": "rejected"}


def next_place(queue: Queue, key_id: UUID, *beside: int) -> int | None:
    with session_scope() as session:
        item = holding.next_item(session, session.get_one(Queue, queue.id), key_id, beside)
        return item.place if item else None


def submit(queue: Queue, key_id: UUID, place: int, given: Mapping[str, Any], *, submits: bool = True) -> QueueItem:
    with session_scope() as session:
        known = session.get_one(Queue, queue.id)
        reviewing.save(session, known, key_id, place, wanted.read(given), submits=submits)
        return reviewing.get(session, known, place)


def withdraw(queue: Queue, key_id: UUID, place: int) -> QueueItem:
    with session_scope() as session:
        known = session.get_one(Queue, queue.id)
        reviewing.withdraw(session, known, key_id, place)
        return reviewing.get(session, known, place)


def decide(queue: Queue, key_id: UUID, place: int, verdict: Mapping[str, Any]) -> QueueItem:
    with session_scope() as session:
        return reviewing.decide(session, session.get_one(Queue, queue.id), key_id, place, verdict)


def example_at(queue: Queue, place: int) -> Example:
    with session_scope() as session:
        item = session.get_one(QueueItem, (queue.id, place))
        return session.get_one(Example, item.example_id)


def counts(queue: Queue) -> tuple[int, int, int]:
    with session_scope() as session:
        now_is = session.get_one(Queue, queue.id)
        return now_is.items, now_is.decided, now_is.disputed


def order_of(queue: Queue) -> list[UUID]:
    with session_scope() as session:
        found = select(QueueItem.example_id).where(QueueItem.queue_id == queue.id).order_by(QueueItem.place)
        return list(session.scalars(found))

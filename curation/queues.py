"""Queues: the examples of a view, frozen in an order, for several people to review one at a time.

`curation/queue_making.py` freezes them.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from curation import datasets, kept_views, naming
from curation.views import View
from inference.paging import Page, newest_page
from schemas import ids
from schemas.errors import Conflict, NotAssigned, QueueNotFound, RequestInvalid
from schemas.limits import LARGEST_QUEUE
from schemas.states import QueueStatus, Role
from schemas.tables import ApiKey, Dataset, Queue, QueueItem, QueueReviewer
from schemas.tables.base import now

MOST_REVIEWS: Final = 5
SEEDS: Final = 2**31


class QueueSort(StrEnum):
    OLDEST = "oldest"
    RANDOM = "random"
    WORST = "worst"


@dataclass(frozen=True, slots=True)
class NewQueue:
    name: str
    view: View
    # The same view as it stands in an address.
    address: Mapping[str, str] = field(default_factory=dict)
    sort: QueueSort = QueueSort.OLDEST
    # What a random order comes from: the same one gives the same order.
    seed: int | None = None
    reviews_each: int = 1
    # The names of those who review it; nobody stands for every curator.
    people: Sequence[str] = ()
    limit: int = LARGEST_QUEUE


class Progress(NamedTuple):
    """How far one person has come."""

    queue_id: UUID
    name: str
    reviews: int
    holds: int
    seen_at: datetime


class Waiting(NamedTuple):
    queue: Queue
    # At most so many are left for somebody. What is reviewed once is counted exactly.
    left: int


def create(session: Session, dataset: Dataset, key_id: UUID, wanted: NewQueue) -> Queue:
    """One that is still to be made."""
    _check(wanted)
    queue = Queue(
        dataset_id=dataset.id,
        name=naming.checked(wanted.name, "queue"),
        key_id=key_id,
        view=dict(wanted.address),
        filters=kept_views.kept(wanted.view),
        sort=wanted.sort,
        seed=random.randrange(SEEDS) if wanted.seed is None else wanted.seed,
        most=wanted.limit,
        reviews_each=wanted.reviews_each,
        assigned=_keys_named(session, dataset.tenant, wanted.people),
    )
    session.add(queue)
    session.flush()
    return queue


def _check(wanted: NewQueue) -> None:
    if not 1 <= wanted.reviews_each <= MOST_REVIEWS:
        raise RequestInvalid(f"Each answer is reviewed 1 to {MOST_REVIEWS} times.", param="reviews_each")
    if not 1 <= wanted.limit <= LARGEST_QUEUE:
        raise RequestInvalid(f"A queue has 1 to {LARGEST_QUEUE:,} answers.", param="limit")
    if wanted.seed is not None and not 0 <= wanted.seed < SEEDS:
        raise RequestInvalid(f"A seed is a whole number from 0 to {SEEDS - 1}.", param="seed")
    if wanted.people and len(set(wanted.people)) < wanted.reviews_each:
        raise RequestInvalid("Each review is by somebody else: name as many people at least.", param="people")


def _keys_named(session: Session, tenant: str, names: Sequence[str]) -> list[UUID]:
    known = {key.name: key.id for key in curators(session, tenant)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RequestInvalid(f"Nobody named '{unknown[0]}' may review here.", param="people")
    return [known[name] for name in dict.fromkeys(names)]


def get(session: Session, tenant: str, public_id: str) -> Queue:
    queue = session.scalar(_of_tenant(tenant).where(Queue.id == ids.parse(ids.QUEUE, public_id, QueueNotFound)))
    if queue is None:
        raise QueueNotFound(public_id)
    return queue


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Queue]:
    return newest_page(session, _of_tenant(tenant), Queue.id, ids.QUEUE, after, limit)


def delete(session: Session, tenant: str, public_id: str) -> Queue:
    """What was decided stays with the examples. Retention removes the rest."""
    queue = get(session, tenant, public_id)
    queue.deleted_at = now()
    return queue


def _of_tenant(tenant: str) -> Select[Queue]:
    here = and_(Dataset.id == Queue.dataset_id, *datasets.seen_by(tenant))
    return select(Queue).join(Dataset, here).where(Queue.deleted_at.is_(None))


def admit(queue: Queue, key_id: UUID) -> None:
    if queue.assigned and key_id not in queue.assigned:
        raise NotAssigned(queue.name)
    if queue.status == QueueStatus.MAKING:
        raise Conflict("The queue is still being made. It opens by itself in a moment.", code="invalid_status")
    if queue.status == QueueStatus.BROKEN:
        raise Conflict(f"The queue could not be made. {queue.problem}", code="invalid_status")


def waiting(session: Session, tenant: str, key_id: UUID, limit: int) -> Sequence[Waiting]:
    """Open ones with something left for this person, the newest first."""
    mine = (QueueReviewer.queue_id == Queue.id, QueueReviewer.key_id == key_id)
    reviews = func.coalesce(select(QueueReviewer.reviews).where(*mine).scalar_subquery(), 0)
    # Of those that nobody has closed, some may be reviewed by this person already.
    left = Queue.items - func.greatest(Queue.decided + Queue.disputed, reviews)
    for_them = or_(func.cardinality(Queue.assigned) == 0, Queue.assigned.contains([key_id]))
    query = _of_tenant(tenant).add_columns(left).where(Queue.status == QueueStatus.OPEN, for_them, left > 0)
    return [Waiting(*row) for row in session.execute(query.order_by(Queue.id.desc()).limit(limit))]


def curators(session: Session, tenant: str) -> Sequence[ApiKey]:
    """Everybody who may review."""
    roles = [role for role in Role if role.allows(Role.CURATOR)]
    valid = (ApiKey.tenant == tenant, ApiKey.revoked_at.is_(None), ApiKey.role.in_(roles))
    return session.scalars(select(ApiKey).where(*valid).order_by(ApiKey.name)).all()


def names(session: Session, key_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    found = session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(key_ids)))
    return {key_id: name for key_id, name in found}


def progress(session: Session, queue_ids: Sequence[UUID]) -> Sequence[Progress]:
    """Per person, whoever has done most first."""
    held = (
        select(func.count())
        .where(QueueItem.queue_id == QueueReviewer.queue_id, QueueItem.held_by == QueueReviewer.key_id)
        .where(QueueItem.held_until > now())
        .scalar_subquery()
    )
    query = (
        select(QueueReviewer.queue_id, ApiKey.name, QueueReviewer.reviews, held, QueueReviewer.seen_at)
        .join(ApiKey, ApiKey.id == QueueReviewer.key_id)
        .where(QueueReviewer.queue_id.in_(queue_ids))
        .order_by(QueueReviewer.reviews.desc(), ApiKey.name)
    )
    return [Progress(*row) for row in session.execute(query)]

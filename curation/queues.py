"""Queues: the examples of a view, frozen in an order, for several people to review one at a time."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, insert, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from curation import datasets, naming, views
from curation.views import View
from inference.paging import Page, page_of
from schemas import ids
from schemas.errors import CursorUnknown, NotAssigned, QueueNotFound, RequestInvalid
from schemas.states import QueueItemState, Role
from schemas.tables import ApiKey, Dataset, Example, Queue, QueueItem, QueueReviewer
from schemas.tables.base import now

LARGEST: Final = 200_000
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
    limit: int = LARGEST


class Progress(NamedTuple):
    """How far one person has come."""

    queue_id: UUID
    name: str
    reviews: int
    holds: int
    seen_at: datetime


def create(session: Session, dataset: Dataset, key_id: UUID, wanted: NewQueue) -> Queue:
    _check(wanted)
    queue = Queue(
        dataset_id=dataset.id,
        name=naming.checked(wanted.name, "queue"),
        key_id=key_id,
        view=dict(wanted.address),
        sort=wanted.sort,
        seed=random.randrange(SEEDS) if wanted.seed is None else wanted.seed,
        reviews_each=wanted.reviews_each,
        assigned=_keys_named(session, dataset.tenant, wanted.people),
        items=0,
    )
    session.add(queue)
    session.flush()
    queue.items = _freeze(session, dataset, queue, wanted)
    if not queue.items:
        raise RequestInvalid("The view holds no example: there is nothing to review.", param="view")
    session.flush()
    return queue


def _check(wanted: NewQueue) -> None:
    if not 1 <= wanted.reviews_each <= MOST_REVIEWS:
        raise RequestInvalid(f"Each answer is reviewed 1 to {MOST_REVIEWS} times.", param="reviews_each")
    if not 1 <= wanted.limit <= LARGEST:
        raise RequestInvalid(f"A queue has 1 to {LARGEST:,} answers.", param="limit")
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


def _freeze(session: Session, dataset: Dataset, queue: Queue, wanted: NewQueue) -> int:
    """Give each example its place, in one statement; returns how many there are."""
    orders: dict[QueueSort, tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]] = {
        QueueSort.OLDEST: (Example.id,),
        QueueSort.WORST: (Example.score.asc().nulls_last(), Example.id),
        QueueSort.RANDOM: (func.hashtextextended(cast(Example.id, Text), queue.seed), Example.id),
    }
    order = orders[wanted.sort]
    rows = (
        views.matching(dataset, wanted.view)
        .add_columns(
            func.row_number().over(order_by=order),
            literal(queue.id),
            literal(QueueItemState.OPEN.value, Text),
            literal(0),
        )
        .order_by(*order)
        .limit(wanted.limit)
    )
    columns = ("example_id", "place", "queue_id", "state", "reviews")
    done = session.execute(insert(QueueItem).from_select(columns, rows), execution_options={"preserve_rowcount": True})
    return int(done.rowcount)  # type: ignore[attr-defined]


def get(session: Session, tenant: str, public_id: str) -> Queue:
    queue = session.scalar(_of_tenant(tenant).where(Queue.id == ids.parse(ids.QUEUE, public_id, QueueNotFound)))
    if queue is None:
        raise QueueNotFound(public_id)
    return queue


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Queue]:
    """The newest first. `after` is the id of the last queue of the page before."""
    found = _of_tenant(tenant)
    if after is not None:
        try:
            found = found.where(Queue.id < get(session, tenant, after).id)
        except QueueNotFound:
            raise CursorUnknown(after) from None
    return page_of(session.scalars(found.order_by(Queue.id.desc()).limit(limit + 1)).all(), limit)


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

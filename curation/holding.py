"""Who looks at which item of a queue: nobody gets what another one holds, and nobody holds anything for ever.

Whoever asks and whoever hands in first locks their own row of `queue_reviewers`, then an item. So what one person does
happens one after the other, and nobody gets an answer again that they have reviewed a moment ago.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from curation.queues import admit
from schemas.states import QueueItemState
from schemas.tables import Queue, QueueItem, QueueReviewer, Review
from schemas.tables.base import now

# Without a sign of life for so long, what somebody holds goes to the next who asks.
LEASE: Final = timedelta(minutes=10)


def next_item(session: Session, queue: Queue, key_id: UUID, beside: Collection[int] = ()) -> QueueItem | None:
    """What somebody holds already, or else an item that nobody holds: behind the one that they got last, then from the
    front, where those lie that they have skipped. None where there is nothing for them now.

    Those at the places `beside` are known to whoever asks: they want another one.
    """
    me = check_in(session, queue, key_id)
    wanted = QueueItem.place.not_in(beside)
    item = _held(session, queue, key_id, wanted)
    if item is not None:
        return item
    item = _free(session, queue, key_id, wanted & (QueueItem.place > me.place))
    item = item or _free(session, queue, key_id, wanted & (QueueItem.place <= me.place))
    if item is not None:
        hold(item, key_id)
        me.place = item.place
    return item


def check_in(session: Session, queue: Queue, key_id: UUID) -> QueueReviewer:
    """Somebody's own row, locked. Whoever does anything at all in a queue keeps what they hold."""
    admit(queue, key_id)
    session.execute(insert(QueueReviewer).values(queue_id=queue.id, key_id=key_id).on_conflict_do_nothing())
    me = session.get_one(QueueReviewer, (queue.id, key_id), with_for_update=True, populate_existing=True)
    me.seen_at = now()
    _renew(session, queue, key_id)
    return me


def hold(item: QueueItem, key_id: UUID) -> None:
    item.held_by, item.held_until = key_id, now() + LEASE


def let_go(item: QueueItem, key_id: UUID) -> None:
    if item.held_by == key_id:
        item.held_by = item.held_until = None


def is_held_by_another(item: QueueItem, key_id: UUID) -> bool:
    return item.held_by not in (None, key_id) and item.held_until is not None and item.held_until > now()


def release(session: Session, queue: Queue, key_id: UUID, places: Collection[int], *, comes_again: bool) -> None:
    """Let others have it. What comes again is the next that its holder gets; else they get it behind all others."""
    me = check_in(session, queue, key_id)
    let_go_of = (QueueItem.queue_id == queue.id, QueueItem.held_by == key_id, QueueItem.place.in_(places))
    released = session.scalars(
        update(QueueItem)
        .where(*let_go_of)
        .values(held_by=None, held_until=None)
        .returning(QueueItem.place)
        .execution_options(synchronize_session=False)
    ).all()
    if released and comes_again:
        me.place = min(me.place, min(released) - 1)


def _renew(session: Session, queue: Queue, key_id: UUID) -> None:
    session.execute(
        update(QueueItem)
        .where(QueueItem.queue_id == queue.id, QueueItem.held_by == key_id, QueueItem.held_until > now())
        .values(held_until=now() + LEASE)
        .execution_options(synchronize_session=False)
    )


def _held(session: Session, queue: Queue, key_id: UUID, wanted: ColumnElement[bool]) -> QueueItem | None:
    mine = (QueueItem.queue_id == queue.id, QueueItem.held_by == key_id, QueueItem.held_until > now())
    return _first(session, wanted, *mine)


def _free(session: Session, queue: Queue, key_id: UUID, wanted: ColumnElement[bool]) -> QueueItem | None:
    reviewed = exists().where(
        Review.queue_id == QueueItem.queue_id,
        Review.place == QueueItem.place,
        Review.key_id == key_id,
        Review.submitted_at.is_not(None),
    )
    free = or_(QueueItem.held_until.is_(None), QueueItem.held_until <= now())
    return _first(session, wanted, QueueItem.queue_id == queue.id, free, ~reviewed)


def _first(session: Session, *wanted: ColumnElement[bool]) -> QueueItem | None:
    """The first open one that nobody is just being given."""
    query = select(QueueItem).where(QueueItem.state == QueueItemState.OPEN, *wanted).order_by(QueueItem.place).limit(1)
    locked = query.with_for_update(skip_locked=True, of=QueueItem).execution_options(populate_existing=True)
    return session.scalar(locked)

"""What somebody thinks of an item of a queue: kept as a draft, handed in, taken back, and put into effect.

Where one review is enough, it changes the example at once. Where several are wanted, each lies by itself until the
last is in: then they agree and change the example together, or somebody chooses between them.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from curation import changes, holding
from curation.queues import LARGEST
from curation.verdicts import DECISIONS, Verdict, agreed, as_wanted, merged
from curation.wanted import CHANGEABLE, Wanted
from schemas import ids
from schemas.errors import Conflict, QueueItemNotFound, RequestInvalid
from schemas.states import QueueItemState
from schemas.tables import ApiKey, Dataset, Example, Queue, QueueItem, QueueReviewer, Review
from schemas.tables.base import now


class Dispute(NamedTuple):
    item: QueueItem
    example: Example
    # And who wrote each.
    reviews: Sequence[tuple[Review, str]]


def get(session: Session, queue: Queue, place: int) -> QueueItem:
    item = session.get(QueueItem, (queue.id, place)) if 0 < place <= LARGEST else None
    if item is None:
        raise QueueItemNotFound(place)
    return item


def review_by(session: Session, item: QueueItem, key_id: UUID) -> Review | None:
    return session.get(Review, (item.queue_id, item.place, key_id))


def save(session: Session, queue: Queue, key_id: UUID, place: int, wanted: Wanted, *, submits: bool) -> Review:
    """Keep what somebody thinks so far, and hand it in if asked to. What was handed in before is handed in anew."""
    me = holding.check_in(session, queue, key_id)
    item = _taken(session, queue, key_id, place)
    before = item.state
    review = review_by(session, item, key_id)
    if review is None:
        review = Review(queue_id=queue.id, place=place, key_id=key_id, given={})
        session.add(review)
    again = review.submitted_at is not None
    if again:
        _withdraw(session, queue, me, item, review)
    review.given = merged(review.given, wanted)
    if submits or again:
        _submit(session, queue, me, item, review)
    _count(session, queue, before, item)
    return review


def withdraw(session: Session, queue: Queue, key_id: UUID, place: int) -> Review:
    """Take back what was handed in: it is a draft again, without its verdict."""
    me = holding.check_in(session, queue, key_id)
    item = _taken(session, queue, key_id, place)
    before = item.state
    review = review_by(session, item, key_id)
    if review is None or review.submitted_at is None:
        raise Conflict("You have handed in no review of this answer.")
    _withdraw(session, queue, me, item, review)
    review.given = {name: value for name, value in review.given.items() if name != "status"}
    _count(session, queue, before, item)
    return review


def disputes(session: Session, queue: Queue, after: int, limit: int) -> list[Dispute]:
    """Items whose reviews differ, with all that was said of them: nobody reviews them any more."""
    wanted = (QueueItem.queue_id == queue.id, QueueItem.state == QueueItemState.DISPUTED, QueueItem.place > after)
    found = session.execute(
        select(QueueItem, Example)
        .join(Example, Example.id == QueueItem.example_id)
        .where(*wanted)
        .order_by(QueueItem.place)
        .limit(limit)
    ).all()
    said = session.execute(
        select(Review, ApiKey.name)
        .join(ApiKey, ApiKey.id == Review.key_id)
        .where(Review.queue_id == queue.id, Review.place.in_([item.place for item, _ in found]))
        .where(Review.submitted_at.is_not(None))
        .order_by(Review.submitted_at, Review.key_id)
    ).all()
    return [
        Dispute(item, example, [(review, name) for review, name in said if review.place == item.place])
        for item, example in found
    ]


def decide(session: Session, queue: Queue, key_id: UUID, place: int, verdict: Verdict) -> QueueItem:
    """Choose what is to become of an answer whose reviews differ."""
    item = _locked(session, queue, place)
    if item.state != QueueItemState.DISPUTED:
        raise Conflict("Reviews of this answer don't differ, or somebody has chosen meanwhile.")
    if verdict.get("status") not in DECISIONS:
        raise RequestInvalid("A decision approves or rejects.", param="status")
    _put_into_effect(session, queue, item, key_id, verdict)
    item.decided_by = key_id
    _count(session, queue, QueueItemState.DISPUTED, item)
    return item


def handed_in_by(session: Session, item: QueueItem, key_id: UUID) -> Review:
    review = review_by(session, item, key_id)
    if review is None or review.submitted_at is None:
        raise RequestInvalid("This key has handed in no review of the item.", param="review_of")
    return review


def _locked(session: Session, queue: Queue, place: int) -> QueueItem:
    item = get(session, queue, place)
    session.refresh(item, with_for_update=True)
    return item


def _taken(session: Session, queue: Queue, key_id: UUID, place: int) -> QueueItem:
    """An item that this person may say something about. Whose lease has run out may, as long as nobody else came."""
    item = _locked(session, queue, place)
    review = review_by(session, item, key_id)
    if item.decided_by is not None:
        raise Conflict("Somebody has chosen between the reviews of this answer already.")
    if review is not None and review.submitted_at is not None:
        return item
    if item.state != QueueItemState.OPEN:
        raise Conflict("Others have reviewed this answer meanwhile.")
    another = holding.is_held_by_another(item, key_id)
    if another and item.reviews + 1 >= queue.reviews_each:
        raise Conflict("Somebody else has this answer now.")
    if not another:
        holding.hold(item, key_id)
    return item


def _submit(session: Session, queue: Queue, me: QueueReviewer, item: QueueItem, review: Review) -> None:
    if review.given.get("status") not in DECISIONS:
        raise RequestInvalid("A review approves or rejects.", param="status")
    review.submitted_at = now()
    item.reviews += 1
    me.reviews += 1
    me.moves += 1
    holding.let_go(item, me.key_id)
    if item.reviews >= queue.reviews_each:
        _conclude(session, queue, item, me.key_id)


def _conclude(session: Session, queue: Queue, item: QueueItem, key_id: UUID) -> None:
    session.flush()
    said = session.scalars(
        select(Review.given)
        .where(Review.queue_id == queue.id, Review.place == item.place, Review.submitted_at.is_not(None))
        .order_by(Review.submitted_at, Review.key_id)
    ).all()
    example = session.get_one(Example, item.example_id, populate_existing=True)
    verdict = agreed({name: getattr(example, name) for name in CHANGEABLE}, said)
    if verdict is None:
        item.state = QueueItemState.DISPUTED
    else:
        _put_into_effect(session, queue, item, key_id, verdict)


def _put_into_effect(session: Session, queue: Queue, item: QueueItem, key_id: UUID, verdict: Verdict) -> None:
    dataset = session.get_one(Dataset, queue.dataset_id)
    example = session.get_one(Example, item.example_id)
    done = changes.change_one(session, dataset, key_id, as_wanted(verdict), example, None)
    item.change_set_id = done.id if done else None
    item.state = QueueItemState.DECIDED


def _withdraw(session: Session, queue: Queue, me: QueueReviewer, item: QueueItem, review: Review) -> None:
    if item.change_set_id is not None:
        _undo(session, queue, item.change_set_id, me.key_id)
    item.state, item.change_set_id = QueueItemState.OPEN, None
    item.reviews -= 1
    me.reviews -= 1
    me.moves += 1
    review.submitted_at = None
    if not holding.is_held_by_another(item, me.key_id):
        holding.hold(item, me.key_id)


def _undo(session: Session, queue: Queue, change_set_id: UUID, key_id: UUID) -> None:
    tenant = session.get_one(Dataset, queue.dataset_id).tenant
    # Somebody may have undone it in the table.
    with suppress(Conflict):
        changes.undo(session, tenant, ids.show(ids.CHANGE_SET, change_set_id), key_id)


def _count(session: Session, queue: Queue, before: str, item: QueueItem) -> None:
    """In the database, for several people count at once; last of all, so that they wait for each other shortly."""
    session.flush()
    if item.state == before:
        return
    counted = {QueueItemState.DECIDED: Queue.decided, QueueItemState.DISPUTED: Queue.disputed}
    new = {count: count + (int(item.state == state) - int(before == state)) for state, count in counted.items()}
    counts = update(Queue).where(Queue.id == queue.id).values(new)
    session.execute(counts.execution_options(synchronize_session=False))
    session.expire(queue, ["decided", "disputed"])

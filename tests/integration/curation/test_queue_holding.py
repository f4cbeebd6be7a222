"""Who gets what, and that no two people do the same work."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from curation import holding
from schemas.database import session_scope
from schemas.errors import Conflict
from schemas.tables import Dataset, Queue, QueueItem, QueueReviewer, Review
from schemas.tables.base import now
from tests.integration.curation.queueing import APPROVE, REJECT, MakeQueue, counts, next_place, submit


def leases_run_out(queue: Queue) -> None:
    with session_scope() as session:
        over = now() - timedelta(seconds=1)
        held = (QueueItem.queue_id == queue.id, QueueItem.held_by.is_not(None))
        session.execute(update(QueueItem).where(*held).values(held_until=over))


def test_nobody_gets_what_another_one_holds(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    assert [next_place(queue, person) for person in people] == [1, 2, 3, 4]
    # Asked again, an answer that got lost on its way is repeated.
    assert next_place(queue, people[1]) == 2
    assert next_place(queue, people[1], 2) == 5


def test_a_lock_that_runs_out_goes_to_somebody_else(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(limit=1)
    one, other, *_ = people
    assert (next_place(queue, one), next_place(queue, other)) == (1, None)
    leases_run_out(queue)
    assert next_place(queue, other) == 1
    with pytest.raises(Conflict):
        submit(queue, one, 1, APPROVE)
    assert submit(queue, other, 1, REJECT).state == "decided"


def test_whoever_is_late_may_hand_in_as_long_as_nobody_else_came(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    next_place(queue, people[0])
    leases_run_out(queue)
    assert submit(queue, people[0], 1, APPROVE).state == "decided"


def test_activity_renews_what_is_held(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    next_place(queue, people[0])
    with session_scope() as session:
        soon = now() + timedelta(seconds=30)
        session.execute(update(QueueItem).where(QueueItem.held_by == people[0]).values(held_until=soon))
    next_place(queue, people[0], 1)
    with session_scope() as session:
        (first, second) = session.scalars(select(QueueItem.held_until).where(QueueItem.held_by == people[0]))
    assert first is not None
    assert first > soon
    assert second is not None


def test_what_is_skipped_comes_last_and_what_is_released_comes_next(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(limit=3)
    me, other, *_ = people
    for place, comes_again in ((1, False), (2, True)):
        assert next_place(queue, me) == place
        with session_scope() as session:
            holding.release(session, session.get_one(Queue, queue.id), me, [place], comes_again=comes_again)
    assert next_place(queue, me) == 2
    submit(queue, me, 2, APPROVE)
    assert next_place(queue, me) == 3
    submit(queue, me, 3, APPROVE)
    assert next_place(queue, me) == 1
    assert next_place(queue, other) is None


@pytest.mark.parametrize("reviews_each", [1, 2])
def test_many_who_ask_at_once_never_do_the_same_work(
    make_queue: MakeQueue, people: list[UUID], reviews_each: int
) -> None:
    queue = make_queue(reviews_each=reviews_each)

    def work(person: UUID) -> None:
        while (place := next_place(queue, person)) is not None:
            submit(queue, person, place, APPROVE if place % 2 else REJECT)

    # Each person with two windows.
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(tolerant, work, person) for person in people * 2]:
            done.result()
    for person in people:
        work(person)
    with session_scope() as session:
        reviews = session.execute(select(Review.key_id, Review.place).where(Review.submitted_at.is_not(None))).all()
    per_item = Counter(place for _, place in reviews)
    assert per_item == dict.fromkeys(range(1, 11), reviews_each)
    assert len(set(reviews)) == len(reviews)
    assert counts(queue) == (10, 10, 0)
    with session_scope() as session:
        done_by = session.scalar(select(func.sum(QueueReviewer.reviews)).where(QueueReviewer.queue_id == queue.id))
        assert session.get_one(Dataset, queue.dataset_id).approved == 5
    assert done_by == 10 * reviews_each


def tolerant(work: Callable[[UUID], None], person: UUID) -> None:
    """Two windows of one person show the same answer, and the second to hand in learns of it."""
    try:
        work(person)
    except Conflict:
        work(person)


def test_places_that_many_get_at_once_are_all_different(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda person: next_place(queue, person), people))
    assert len(set(places)) == 4

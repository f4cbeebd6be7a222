"""A task makes large queues, once, whatever happens meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from curation import datasets, queue_making, queues, resuming, scoring, scoring_pages
from curation.queues import QueueSort
from curation.views import Range, View
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict
from schemas.states import ExampleStatus, QueueStatus
from schemas.tables import Dataset, Queue
from schemas.tables.base import now
from tests.integration.curation.changing import change
from tests.integration.curation.queueing import APPROVE, MakeQueue, counts, next_place, order_of


def state_of(queue: Queue) -> tuple[str, str | None]:
    with session_scope() as session:
        now_is = session.get_one(Queue, queue.id)
        return now_is.status, now_is.problem


def test_a_large_queue_is_made_by_a_task_and_hands_out_nothing_before(
    make_queue: MakeQueue, people: list[UUID]
) -> None:
    wanted_of_it = {"view": View(search="nursing"), "sort": QueueSort.RANDOM, "seed": 7, "limit": 4}
    queue = make_queue(at_once=3, **wanted_of_it)
    assert (state_of(queue), counts(queue)) == (("making", None), (0, 0, 0))
    with pytest.raises(Conflict, match="still being made"):
        next_place(queue, people[0])
    for _ in range(2):
        queue_making.run(session_scope, queue.id)
    assert (state_of(queue), counts(queue)) == (("open", None), (4, 0, 0))
    assert order_of(queue) == order_of(make_queue(**wanted_of_it))
    assert next_place(queue, people[0]) == 1


def test_a_queue_is_made_once_however_many_are_told_to(make_queue: MakeQueue) -> None:
    queue = make_queue(at_once=3)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(queue_making.run, session_scope, queue.id) for _ in range(4)]:
            done.result()
    assert (state_of(queue), counts(queue)) == (("open", None), (10, 0, 0))


def test_a_queue_of_a_view_that_is_empty_by_then_says_so(
    make_queue: MakeQueue, dataset: Dataset, people: list[UUID]
) -> None:
    queue = make_queue(View(status=ExampleStatus.NEEDS_REVIEW), at_once=3)
    change(dataset, people[0], **APPROVE)
    queue_making.run(session_scope, queue.id)
    status, problem = state_of(queue)
    assert status == QueueStatus.BROKEN
    assert problem is not None
    assert "no example any more" in problem
    with pytest.raises(Conflict, match="could not be made"):
        next_place(queue, people[0])


def test_the_best_by_a_scorer_are_a_queue_as_long_as_the_scores_are_there(
    make_queue: MakeQueue, dataset: Dataset, reviewer: UUID
) -> None:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        least = scoring.threshold(session, session.get_one(Dataset, dataset.id), "score:length", 0.2)
    best = View(ranges={"score:length": Range(at_least=least)})
    made, late = (make_queue(best, at_once=0) for _ in range(2))
    queue_making.run(session_scope, made.id)
    assert state_of(made)[0] == QueueStatus.OPEN
    assert counts(made)[0] >= 2
    with session_scope() as session:
        removing = scoring.remove(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    scoring_pages.run(session_scope, removing)
    queue_making.run(session_scope, late.id)
    assert state_of(late) == ("broken", "`score:length` is no column of numbers.")


def test_a_queue_that_nobody_makes_is_due_until_it_is_deleted(make_queue: MakeQueue, dataset: Dataset) -> None:
    queue, other = (make_queue(at_once=3) for _ in range(2))
    with session_scope() as session:
        assert resuming.left_undone(session, Queue, now()) == []
        assert set(resuming.left_undone(session, Queue, now() + timedelta(minutes=1))) == {queue.id, other.id}
        queues.delete(session, "acme", ids.show(ids.QUEUE, queue.id))
    queue_making.run(session_scope, queue.id)
    assert counts(queue) == (0, 0, 0)
    with session_scope() as session:
        assert resuming.left_undone(session, Queue, now() + timedelta(minutes=1)) == [other.id]
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    queue_making.run(session_scope, other.id)
    assert state_of(other)[0] == QueueStatus.BROKEN

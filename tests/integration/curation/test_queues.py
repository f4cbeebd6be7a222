"""Queues: what is in them and in which order, and who sees them."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from curation import datasets, queues, table
from curation.queues import QueueSort
from curation.retention import purge_queues
from curation.views import View
from schemas import ids
from schemas.database import session_scope
from schemas.errors import NotAssigned, QueueItemNotFound, QueueNotFound, RequestInvalid
from schemas.tables import Dataset, Queue, QueueItem, Review
from tests.integration.curation.changing import change
from tests.integration.curation.queueing import APPROVE, MakeQueue, next_place, order_of, submit


def test_a_queue_keeps_the_examples_of_a_view_in_its_order(
    make_queue: MakeQueue, dataset: Dataset, reviewer: UUID
) -> None:
    oldest = order_of(make_queue())
    assert oldest == sorted(oldest)
    assert len(oldest) == 10
    change(dataset, reviewer, only=oldest[3:4], score=0.4)
    assert order_of(make_queue(sort=QueueSort.WORST))[0] == oldest[3]
    assert order_of(make_queue(View(search='"candidate 7"'))) == [oldest[7]]
    assert order_of(make_queue(limit=4)) == oldest[:4]


def test_a_seed_gives_the_same_order_again(make_queue: MakeQueue) -> None:
    first, again, other = (order_of(make_queue(sort=QueueSort.RANDOM, seed=seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other) == order_of(make_queue())


@pytest.mark.parametrize(
    "options",
    [
        {"reviews_each": 0},
        {"reviews_each": 6},
        {"limit": 0},
        {"limit": 200_001},
        {"seed": -1},
        {"people": ["nobody"]},
        {"people": ["reviewer"], "reviews_each": 2},
        {"view": View(search="zebra")},
    ],
)
def test_a_queue_that_nobody_could_review_is_not_made(make_queue: MakeQueue, options: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        make_queue(**options)


def test_a_queue_for_some_is_closed_to_others(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(people=["anna"])
    assert next_place(queue, people[1]) == 1
    for attempt in (lambda: next_place(queue, people[2]), lambda: submit(queue, people[2], 2, APPROVE)):
        with pytest.raises(NotAssigned):
            attempt()


@pytest.mark.parametrize("place", [0, 11, 2**40])
def test_a_place_that_is_not_there_is_not_found(make_queue: MakeQueue, people: list[UUID], place: int) -> None:
    with pytest.raises(QueueItemNotFound):
        submit(make_queue(), people[0], place, APPROVE)


def test_progress_says_who_has_done_what(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    for place in (1, 2):
        submit(queue, people[1], place, APPROVE)
    next_place(queue, people[0])
    with session_scope() as session:
        found = queues.progress(session, [queue.id])
    assert [(one.name, one.reviews, one.holds) for one in found] == [("anna", 2, 0), ("reviewer", 0, 1)]


def test_queues_are_seen_by_their_tenant_and_go_with_their_dataset(
    make_queue: MakeQueue, dataset: Dataset, people: list[UUID]
) -> None:
    queue, other = make_queue(), make_queue()
    submit(queue, people[0], 1, APPROVE)
    public_id = ids.show(ids.QUEUE, queue.id)
    with session_scope() as session:
        assert [one.id for one in queues.list_page(session, "acme", None, 5).items] == [other.id, queue.id]
        assert queues.list_page(session, "others", None, 5).items == []
        with pytest.raises(QueueNotFound):
            queues.get(session, "others", public_id)
        queues.delete(session, "acme", public_id)
    with session_scope() as session:
        with pytest.raises(QueueNotFound):
            queues.get(session, "acme", public_id)
        assert table.count_all(session, dataset, View()) == 10
    assert (purge_queues(session_scope), purge_queues(session_scope)) == (1, 0)
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    with session_scope() as session:
        assert queues.list_page(session, "acme", None, 5).items == []
    assert purge_queues(session_scope) == 1
    with session_scope() as session:
        left = [session.scalar(select(func.count()).select_from(kind)) for kind in (Queue, QueueItem, Review)]
    assert left == [0, 0, 0]


def test_a_dataset_that_goes_takes_its_queues_along(make_queue: MakeQueue, dataset: Dataset) -> None:
    make_queue()
    with session_scope() as session:
        session.execute(delete(Dataset).where(Dataset.id == dataset.id))
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(QueueItem)) == 0


def test_somebody_is_told_of_the_queues_in_which_something_is_left_for_them(
    make_queue: MakeQueue, people: list[UUID]
) -> None:
    anna, ben = people[1:3]
    twice = make_queue(limit=2, reviews_each=2)
    for_anna, _ = make_queue(people=["anna"]), make_queue(at_once=3)
    done = make_queue(limit=1)
    submit(done, ben, 1, APPROVE)
    submit(twice, anna, 1, APPROVE)

    def waiting_for(person: UUID) -> list[tuple[UUID, int]]:
        with session_scope() as session:
            return [(one.queue.id, one.left) for one in queues.waiting(session, "acme", person, 8)]

    assert waiting_for(anna) == [(for_anna.id, 10), (twice.id, 1)]
    assert waiting_for(ben) == [(twice.id, 2)]
    submit(twice, anna, 2, APPROVE)
    assert waiting_for(anna) == [(for_anna.id, 10)]

"""Queues: what is in them, who gets what, and that no two people do the same work."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from curation import (
    changes,
    datasets,
    holding,
    queue_agreement,
    queue_making,
    queues,
    resuming,
    reviewing,
    scoring,
    scoring_pages,
    table,
    wanted,
)
from curation.queues import NewQueue, QueueSort
from curation.retention import purge_queues
from curation.views import Range, View, matching
from inference import api_keys
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, NotAssigned, QueueItemNotFound, QueueNotFound, RequestInvalid
from schemas.states import ExampleStatus, QueueStatus, Role
from schemas.tables import ChangeSet, Dataset, Example, Queue, QueueItem, QueueReviewer, Review
from schemas.tables.base import now

MakeQueue = Callable[..., Queue]
APPROVE, REJECT = {"status": "approved"}, {"status": "rejected"}


@pytest.fixture
def people(reviewer: UUID) -> list[UUID]:
    """Four curators."""
    with session_scope() as session:
        made = [api_keys.create(session, name, Role.CURATOR, tenant="acme")[0].id for name in ("anna", "ben", "cleo")]
    return [reviewer, *made]


@pytest.fixture
def make_queue(dataset: Dataset, reviewer: UUID) -> MakeQueue:
    def make(view: View | None = None, at_once: int = queue_making.AT_ONCE, **options: Any) -> Queue:
        new = NewQueue("Spring", view or View(), **options)
        with session_scope() as session:
            mine = session.get_one(Dataset, dataset.id)
            return queue_making.create(session, mine, reviewer, new, at_once=at_once)

    return make


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


def leases_run_out(queue: Queue) -> None:
    with session_scope() as session:
        over = now() - timedelta(seconds=1)
        held = (QueueItem.queue_id == queue.id, QueueItem.held_by.is_not(None))
        session.execute(update(QueueItem).where(*held).values(held_until=over))


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


def test_a_queue_keeps_the_examples_of_a_view_in_its_order(
    make_queue: MakeQueue, dataset: Dataset, reviewer: UUID
) -> None:
    oldest = order_of(make_queue())
    assert oldest == sorted(oldest)
    assert len(oldest) == 10
    with session_scope() as session:
        third = select(Example.id).where(Example.id == oldest[3])
        changes.change(session, dataset, reviewer, wanted.read({"score": 0.4}), third)
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


def test_one_review_changes_the_example_at_once_and_is_taken_back(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue()
    me = people[0]
    place = next_place(queue, me)
    assert place == 1
    submit(queue, me, 1, {"score": 0.5, "edited_output": "Better."}, submits=False)
    assert example_at(queue, 1).version == 1
    submit(queue, me, 1, APPROVE)
    example = example_at(queue, 1)
    assert (example.status, example.score, example.edited_output, example.version) == ("approved", 0.5, "Better.", 2)
    assert counts(queue) == (10, 1, 0)
    item = withdraw(queue, me, 1)
    assert (item.state, item.reviews, item.held_by) == ("open", 0, me)
    assert example_at(queue, 1).status == "needs_review"
    assert counts(queue) == (10, 0, 0)
    # The draft is still there.
    submit(queue, me, 1, REJECT)
    assert (example_at(queue, 1).status, example_at(queue, 1).score) == ("rejected", 0.5)
    # Handed in anew without taking it back first.
    submit(queue, me, 1, APPROVE)
    assert example_at(queue, 1).status == "approved"
    assert counts(queue) == (10, 1, 0)


def test_several_reviews_leave_the_example_alone_until_all_agree(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(reviews_each=2)
    one, other, third, _ = people
    assert next_place(queue, one) == 1
    assert submit(queue, one, 1, APPROVE | {"score": 0.7}).state == "open"
    assert example_at(queue, 1).version == 1
    assert next_place(queue, one) == 2
    assert next_place(queue, other) == 1
    assert submit(queue, other, 1, APPROVE | {"score": 0.8}).state == "decided"
    example = example_at(queue, 1)
    assert (example.status, example.score, example.version) == ("approved", 0.75, 2)
    with pytest.raises(Conflict):
        submit(queue, third, 1, REJECT)
    assert counts(queue) == (10, 1, 0)
    with session_scope() as session:
        done = session.scalars(select(ChangeSet)).one()
        changes.undo(session, "acme", ids.show(ids.CHANGE_SET, done.id), other)
    assert example_at(queue, 1).status == "needs_review"


def test_a_review_that_is_withdrawn_takes_its_decision_back_whatever_else_was_done(
    make_queue: MakeQueue, dataset: Dataset, people: list[UUID]
) -> None:
    queue = make_queue()
    submit(queue, people[0], 1, APPROVE)
    with session_scope() as session:
        changes.change(session, dataset, people[1], wanted.read({"add_tags": ["seen"]}), matching(dataset, View()))
    assert withdraw(queue, people[0], 1).state == "open"
    example = example_at(queue, 1)
    assert (example.status, example.tags) == ("needs_review", ["seen"])


def test_reviews_that_differ_wait_for_somebody_to_choose(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(reviews_each=2)
    one, other, third, _ = people
    submit(queue, one, 1, APPROVE)
    assert submit(queue, other, 1, REJECT | {"notes": "why"}).state == "disputed"
    assert counts(queue) == (10, 0, 1)
    assert example_at(queue, 1).version == 1
    with session_scope() as session:
        (dispute,) = reviewing.disputes(session, session.get_one(Queue, queue.id), 0, 5)
    assert [(name, review.given["status"]) for review, name in dispute.reviews] == [
        ("reviewer", "approved"),
        ("anna", "rejected"),
    ]
    assert decide(queue, third, 1, dispute.reviews[1][0].given).state == "decided"
    assert (example_at(queue, 1).status, example_at(queue, 1).notes) == ("rejected", "why")
    assert counts(queue) == (10, 1, 0)
    for late in (lambda: decide(queue, third, 1, APPROVE), lambda: submit(queue, one, 1, REJECT)):
        with pytest.raises(Conflict):
            late()


def test_whoever_thinks_again_settles_a_dispute(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(reviews_each=2)
    submit(queue, people[0], 1, APPROVE)
    submit(queue, people[1], 1, REJECT)
    assert submit(queue, people[1], 1, APPROVE).state == "decided"
    assert counts(queue) == (10, 1, 0)
    assert withdraw(queue, people[0], 1).state == "open"
    assert example_at(queue, 1).status == "needs_review"
    assert counts(queue) == (10, 0, 0)


@pytest.mark.parametrize("given", [{"score": 0.5}, {"status": "needs_review"}])
def test_a_review_decides(make_queue: MakeQueue, people: list[UUID], given: dict[str, Any]) -> None:
    queue = make_queue(reviews_each=2)
    with pytest.raises(RequestInvalid):
        submit(queue, people[0], 1, given)
    submit(queue, people[0], 1, APPROVE)
    submit(queue, people[1], 1, REJECT)
    with pytest.raises(RequestInvalid):
        decide(queue, people[2], 1, given)


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


def test_agreement_is_counted_from_what_was_handed_in(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(reviews_each=2)
    one, other, *_ = people
    for place in range(1, 11):
        submit(queue, one, place, (APPROVE if place <= 6 else REJECT) | {"score": place / 10})
        submit(queue, other, place, (APPROVE if place <= 5 else REJECT) | {"score": place / 10})
    with session_scope() as session:
        found = queue_agreement.of_queue(session, session.get_one(Queue, queue.id))
    assert (found.status.answers, found.status.same_share) == (10, 0.9)
    assert found.score.alpha == 1.0
    (pair,) = found.pairs
    assert {pair.first, pair.second} == {"reviewer", "anna"}
    assert (pair.answers, pair.kappa, sorted(map(sum, pair.matrix))) in [(10, 0.8, [4, 6]), (10, 0.8, [5, 5])]
    assert "Too few" in pair.says


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
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        changes.change(session, mine, people[0], wanted.read(APPROVE), matching(mine, View()))
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


def test_agreement_is_counted_again_when_somebody_has_handed_in(make_queue: MakeQueue, people: list[UUID]) -> None:
    queue = make_queue(reviews_each=2)
    one, other, *_ = people

    def same_share() -> float | None:
        with session_scope() as session:
            return queue_agreement.of_queue(session, session.get_one(Queue, queue.id)).status.same_share

    assert same_share() is None
    for place in (1, 2):
        submit(queue, one, place, APPROVE)
        submit(queue, other, place, APPROVE)
    assert same_share() == 1.0
    with session_scope() as session:
        # As nobody does: what is kept stands until somebody hands in.
        mine = (Review.queue_id == queue.id, Review.key_id == one, Review.place == 1)
        session.execute(update(Review).where(*mine).values(given=REJECT))
    assert same_share() == 1.0
    submit(queue, other, 2, REJECT)
    assert same_share() == 0.0
    withdraw(queue, other, 2)
    assert same_share() == 0.0
    with session_scope() as session:
        assert queue_agreement.of_queue(session, session.get_one(Queue, queue.id)).status.answers == 1


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

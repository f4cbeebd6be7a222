"""What becomes of reviews: of one, of several that agree, and of those that differ."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curation import changes, queue_agreement, reviewing
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, RequestInvalid
from schemas.tables import ChangeSet, Dataset, Queue, Review
from tests.integration.curation.changing import change
from tests.integration.curation.queueing import (
    APPROVE,
    REJECT,
    MakeQueue,
    counts,
    decide,
    example_at,
    next_place,
    submit,
    withdraw,
)


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
    change(dataset, people[1], add_tags=["seen"])
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

"""How scores are spread, and how far answers have come: kept counts, against the examples themselves."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from sqlalchemy import func, select

from curation import changes, datasets, funnel, score_counts, table, views, wanted
from schemas import ids
from schemas.database import session_scope
from schemas.tables import Dataset, Example
from webapi.view_address import read_view

EVERYTHING = views.View()
SCORES = (0.0, 0.1, 0.29999999999999993, 0.3, 0.55, 0.7, 0.9, 0.95, 1.0)


def change_all(dataset: Dataset, reviewer: UUID, view: views.View = EVERYTHING, **new: object) -> str:
    with session_scope() as session:
        matching = views.matching(dataset, view)
        done = changes.change(session, dataset, reviewer, wanted.read(new), matching)
        assert done is not None
        return ids.show(ids.CHANGE_SET, done.id)


def give_scores(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        examples = session.scalars(select(Example).order_by(Example.id)).all()
        for example, score in zip(examples, SCORES, strict=False):
            changes.change_one(session, dataset, reviewer, wanted.read({"score": score}), example, None)


def spread(dataset: Dataset) -> Mapping[str, int]:
    with session_scope() as session:
        return {tenth.label: tenth.count for tenth in score_counts.spread(session, dataset) if tenth.count}


def test_each_tenth_holds_as_many_examples_as_its_filter_shows(dataset: Dataset, reviewer: UUID) -> None:
    give_scores(dataset, reviewer)
    with session_scope() as session:
        for tenth in score_counts.spread(session, dataset):
            view = read_view(tenth.filter)
            assert table.count_all(session, dataset, view) == tenth.count, tenth
        assert sum(tenth.count for tenth in score_counts.spread(session, dataset)) == len(SCORES)


def test_a_score_that_changes_is_counted_once(dataset: Dataset, reviewer: UUID) -> None:
    give_scores(dataset, reviewer)
    change_all(dataset, reviewer, views.View(score_from=0.9), score=0.05)
    assert spread(dataset) == {
        "0 to 0.1": 4, "0.1 to 0.2": 1, "0.2 to 0.3": 1, "0.3 to 0.4": 1, "0.5 to 0.6": 1, "0.7 to 0.8": 1,
    }  # fmt: skip
    change_all(dataset, reviewer, score=None)
    assert spread(dataset) == {}


def test_an_undo_brings_the_spread_back(dataset: Dataset, reviewer: UUID) -> None:
    give_scores(dataset, reviewer)
    before = spread(dataset)
    done = change_all(dataset, reviewer, score=0.5)
    assert spread(dataset) == {"0.5 to 0.6": 10}
    with session_scope() as session:
        changes.undo(session, "acme", done, reviewer)
    assert spread(dataset) == before


def test_only_datasets_with_scores_are_offered(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        assert score_counts.scored(session, "acme", 10) == []
    change_all(dataset, reviewer, score=1)
    with session_scope() as session:
        assert [found.id for found in score_counts.scored(session, "acme", 10)] == [dataset.id]
        assert score_counts.scored(session, "another", 10) == []


def test_the_funnel_counts_what_there_is(dataset: Dataset, reviewer: UUID) -> None:
    give_scores(dataset, reviewer)
    change_all(dataset, reviewer, views.View(score_from=0.5), status="approved")
    change_all(dataset, reviewer, views.View(score_to=0.0), status="rejected")
    change_all(dataset, reviewer, views.View(score_from=0.95), gold=True)
    with session_scope() as session:
        assert funnel.read(session, "acme") == funnel.Funnel(10, 9, 6, 5, 2, 0)
        assert funnel.read(session, "another") == funnel.Funnel(0, 0, 0, 0, 0, 0)
        (waits,) = funnel.waiting(session, "acme", 10)
        counted = select(func.count()).select_from(Example).where(Example.status == "needs_review")
        assert waits.needs_review == session.scalar(counted) == 4


@pytest.mark.parametrize("left", ["reviewed", "deleted"])
def test_what_is_reviewed_or_deleted_waits_for_nobody(dataset: Dataset, reviewer: UUID, left: str) -> None:
    with session_scope() as session:
        if left == "deleted":
            datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    if left == "reviewed":
        change_all(dataset, reviewer, status="approved")
    with session_scope() as session:
        assert funnel.waiting(session, "acme", 10) == []
        assert funnel.read(session, "acme").taken_in == (0 if left == "deleted" else 10)

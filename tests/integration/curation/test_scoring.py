"""Scorers go through a dataset, and what they say can be filtered, trusted and forgotten."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curation import changes, columns, resuming, scorers, scoring, scoring_pages, table, trust, wanted
from curation.views import Range, View, matching
from plugins.scoring import Score as Given
from schemas.database import session_scope
from schemas.errors import Conflict, RequestInvalid
from schemas.states import ScoringStatus
from schemas.tables import Dataset, Example, Score, Scoring, facets
from schemas.tables.base import now
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.changing import change

pytestmark = pytest.mark.usefixtures("database_url")
LENGTH = "score:length"
WORDS = [0, 1, 2, 3, 4]


@pytest.fixture
def dataset() -> Dataset:
    """Answers of so many words: those with less than three are too short."""
    with session_scope() as session:
        return dataset_of(session, some_model=[" ".join(["word"] * words) for words in WORDS])


def score(dataset: Dataset, scorer: str, key_id: UUID) -> Scoring:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), scorer, key_id).id
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        return session.get_one(Scoring, begun)


def remove(dataset: Dataset, scorer: str, key_id: UUID) -> None:
    with session_scope() as session:
        removing = scoring.remove(session, session.get_one(Dataset, dataset.id), scorer, key_id).id
    scoring_pages.run(session_scope, removing)


def items(session: Session, dataset: Dataset, view: View) -> list[int]:
    dataset = session.get_one(Dataset, dataset.id)
    return [row.item for row in table.page(session, dataset, view, "oldest", None, 50).rows]


def test_what_a_scorer_says_is_a_column_of_the_table(dataset: Dataset, reviewer: UUID) -> None:
    done = score(dataset, "length", reviewer)
    assert (done.status, done.seen, done.scored, done.version) == (ScoringStatus.DONE, 5, 5, 1)
    with session_scope() as session:
        assert items(session, dataset, View(ranges={LENGTH: Range(at_least=1)})) == [4, 5]
        assert items(session, dataset, View(ranges={LENGTH: Range(below=0.5)})) == [1, 2]
        rows = table.page(session, session.get_one(Dataset, dataset.id), View(), f"field.{LENGTH}", None, 2).rows
        assert [(row.item, row.values) for row in rows] == [(1, {LENGTH: 0.0}), (2, {LENGTH: pytest.approx(1 / 3)})]
        ((found, source),) = scoring.of_example(session, rows[1].example)
        assert (found.reason, source.id) == ("1 words", done.id)


def test_a_rule_with_nothing_to_say_scores_nothing(dataset: Dataset, reviewer: UUID) -> None:
    done = score(dataset, "format", reviewer)
    assert (done.seen, done.scored) == (5, 0)


def test_a_scoring_that_ends_midway_goes_on_where_it_was(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    with session_scope() as session:
        assert scoring_pages.advance(session, begun, rows=2)
    with session_scope() as session:
        assert resuming.left_undone(session, Scoring, now()) == []
        assert resuming.left_undone(session, Scoring, now() + timedelta(minutes=1)) == [begun]
        assert scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id == begun
    scoring_pages.run(session_scope, begun)
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        assert session.get_one(Scoring, begun).scored == 5
        assert session.scalar(select(func.count()).select_from(Score)) == 5
        assert resuming.left_undone(session, Scoring, now() + timedelta(minutes=1)) == []


def test_a_page_ends_when_its_time_is_over_and_the_next_goes_on_there(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    with session_scope() as session:
        assert scoring_pages.advance(session, begun, seconds=0)
    with session_scope() as session:
        this = session.get_one(Scoring, begun)
        assert (this.seen, this.scored, this.status) == (1, 1, ScoringStatus.RUNNING)
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        assert session.get_one(Scoring, begun).seen == 5
        assert session.scalar(select(func.count()).select_from(Score)) == 5


def test_scoring_again_replaces_what_was_said(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        fifth = session.scalars(select(Example.id).order_by(Example.id)).all()[4]
    change(dataset, reviewer, only=[fifth], gold=True)
    assert score(dataset, "reference", reviewer).scored == 1
    change(dataset, reviewer, only=[fifth], gold=False)
    assert score(dataset, "reference", reviewer).scored == 0
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 0
        assert items(session, dataset, View(ranges={"score:reference": Range(at_least=0)})) == []
        assert len(scoring.of_dataset(session, dataset)) == 1


def test_the_gold_answer_is_the_reference(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        fifth = session.scalars(select(Example.id).order_by(Example.id)).all()[4]
    change(dataset, reviewer, only=[fifth], gold=True, edited_output="word")
    score(dataset, "reference", reviewer)
    with session_scope() as session:
        (found,) = session.scalars(select(Score)).all()
        assert (found.example_id, found.value) == (fifth, pytest.approx(2 / 5))


def test_a_dataset_has_room_for_some_scorers_and_forgets_one_for_another(dataset: Dataset, reviewer: UUID) -> None:
    for scorer in ("length", "format", "refusal", "completeness"):
        score(dataset, scorer, reviewer)
    with pytest.raises(Conflict, match="Remove one"):
        score(dataset, "repetition", reviewer)
    remove(dataset, "length", reviewer)
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        assert columns.find(columns.read(kept.columns), LENGTH) is None
        with pytest.raises(RequestInvalid):
            scoring.remove(session, kept, "length", reviewer)
    assert score(dataset, "agreement", reviewer).status == ScoringStatus.DONE
    with session_scope() as session:
        assert items(session, dataset, View(ranges={"score:agreement": Range(at_least=0)})) == []


def test_the_best_share_is_found_by_the_value_that_it_reaches(dataset: Dataset, reviewer: UUID) -> None:
    score(dataset, "length", reviewer)
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        assert scoring.threshold(session, kept, LENGTH, 0.4) == 1.0
        assert scoring.threshold(session, kept, LENGTH, 0.8) == pytest.approx(1 / 3)
        for path, share in ((LENGTH, 0.0), (LENGTH, 1.1), ("score:taste", 0.5)):
            with pytest.raises(RequestInvalid):
                scoring.threshold(session, kept, path, share)


def test_a_scorer_is_held_against_people(dataset: Dataset, reviewer: UUID) -> None:
    score(dataset, "length", reviewer)
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        long, short = View(ranges={LENGTH: Range(at_least=1)}), View(ranges={LENGTH: Range(below=1)})
        for view, said in ((long, {"status": "approved", "score": 0.9}), (short, {"status": "rejected", "score": 0.2})):
            changes.change(session, kept, reviewer, wanted.read(said), matching(kept, view))
        (found,) = trust.of_scorers(session, kept)
        assert (found.scorer, found.scored, found.decided, found.ranked_right) == ("length", 5, 5, 1.0)
        assert found.correlation == pytest.approx(0.8402, abs=1e-4)
        assert found.apart == pytest.approx((0.2 + abs(1 / 3 - 0.2) + abs(2 / 3 - 0.2) + 0.1 + 0.1) / 5)
        assert found.says == "too few answers that people have judged"


def test_a_plugin_that_fails_is_told_and_not_begun_again(
    dataset: Dataset, reviewer: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorers.length.Length, "score", lambda self, answer: 1 / 0)
    done = score(dataset, "length", reviewer)
    assert (done.status, done.problem) == (ScoringStatus.BROKEN, "ZeroDivisionError: division by zero")
    with session_scope() as session:
        assert resuming.left_undone(session, Scoring, now() + timedelta(minutes=1)) == []


@pytest.mark.parametrize(("value", "kept"), [(7, 1.0), (-1, 0.0), (float("nan"), 0.0), (float("inf"), 1.0)])
def test_whatever_a_plugin_says_a_score_is_from_0_to_1(
    dataset: Dataset, reviewer: UUID, monkeypatch: pytest.MonkeyPatch, value: float, kept: float
) -> None:
    monkeypatch.setattr(scorers.length.Length, "score", lambda self, answer: Given(value, "a\0b"))
    assert score(dataset, "length", reviewer).status == ScoringStatus.DONE
    with session_scope() as session:
        found = session.scalars(select(Score)).all()
    assert {(one.value, "\0" in one.reason) for one in found} == {(kept, False)}


def test_a_removal_goes_on_where_it_was_and_nothing_is_scored_meanwhile(dataset: Dataset, reviewer: UUID) -> None:
    score(dataset, "length", reviewer)
    with session_scope() as session:
        removing = scoring.remove(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    with session_scope() as session:
        assert scoring_pages.advance(session, removing, rows=2)
        assert session.scalar(select(func.count()).select_from(Score)) == 3
        kept = session.get_one(Dataset, dataset.id)
        assert scoring.remove(session, kept, "length", reviewer).id == removing
        with pytest.raises(Conflict, match="being removed"):
            scoring.begin(session, kept, "length", reviewer)
    scoring_pages.run(session_scope, removing)
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 0
        assert session.scalar(select(func.count()).select_from(Scoring)) == 0
        held = select(func.count()).select_from(facets).where(facets.c.number_9.is_not(None))
        assert session.scalar(held) == 0
    assert score(dataset, "length", reviewer).scored == 5


def test_a_scoring_that_runs_ends_where_its_scorer_is_removed(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    remove(dataset, "length", reviewer)
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        assert session.get(Scoring, begun) is None
        assert session.scalar(select(func.count()).select_from(Score)) == 0


def test_a_deleted_dataset_is_scored_no_further(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        begun = scoring.begin(session, kept, "length", reviewer).id
        kept.deleted_at = now()
    scoring_pages.run(session_scope, begun)
    with session_scope() as session:
        assert session.get_one(Scoring, begun).status == ScoringStatus.BROKEN

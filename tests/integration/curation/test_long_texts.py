"""Pages end early where texts are long, whoever has written them, and the next one goes on from there."""

from itertools import chain
from uuid import UUID

import pytest

from curation import changes, comparing, imports, judge_results, judging_reading, scoring, scoring_pages, views, wanted
from curation.exports import reading
from curation.exports.beaten import Deciders
from curation.judge_results import Which
from curation.views import View
from inference.pages import BYTES, count_that_fit
from schemas.database import session_scope
from schemas.states import ScoringStatus
from schemas.tables import Dataset, Import, Judging, Scoring
from tests.integration.curation import judging
from tests.integration.curation.conftest import run_batch
from tests.integration.curation.test_imports import new_dataset
from tests.integration.inference.batch_fixtures import batch

pytestmark = pytest.mark.usefixtures("database_url")
# Two of them are as much as is held at once.
LONG = "x" * (BYTES // 2)
MODELS = ("large", "small")


@pytest.fixture
def dataset(database_url: str) -> Dataset:
    with session_scope() as session:
        return judging.answered(session, large=["short"] * 3, small=[LONG] * 3)


@pytest.mark.parametrize(
    ("sizes", "count"),
    [([BYTES], 1), ([BYTES + 1, 0], 1), ([BYTES - 1, BYTES, 0], 2), ([BYTES - 1, 0, 0], 3)],
)
def test_a_page_ends_once_it_is_full_and_has_one_at_least(sizes: list[int], count: int) -> None:
    assert len(sizes[: count_that_fit(sizes)]) == count


def test_models_side_by_side(dataset: Dataset) -> None:
    with session_scope() as session:
        first = comparing.page(session, dataset, MODELS, 0, 3)
        rest = comparing.page(session, dataset, MODELS, 2, 3)
    assert ([one.item.number for one in first.items], first.has_more) == ([1, 2], True)
    assert ([one.item.number for one in rest.items], rest.has_more) == ([3], False)
    assert [[answer.model for answer in one.answers] for one in rest.items] == [[*MODELS]]


def test_verdicts_with_their_answers(dataset: Dataset, reviewer: UUID) -> None:
    begun = judging.begin(dataset, reviewer)
    with session_scope() as session:
        this = session.get_one(Judging, begun)
        pages = [comparing.page(session, dataset, MODELS, after, 3) for after in (0, 2)]
        for one in chain.from_iterable(page.items for page in pages):
            shown = [answer.id for answer in one.answers]
            judging_reading.save(session, [judging_reading.verdict(this, one.item.number, shown, "AB", ("a", "b"))])
    with session_scope() as session:
        all_of_them = judge_results.verdicts(session, this, Which.ALL, 0, 3)
        shown_ones = judge_results.with_texts(session, all_of_them)
    assert [one.custom_id for one in all_of_them.items] == ["c-1", "c-2", "c-3"]
    assert ([one.comparison.item for one in shown_ones.items], shown_ones.has_more) == ([1, 2], True)
    assert [len(answer.output) for answer in shown_ones.items[0].answers] == [len("short"), len(LONG)]


def test_what_a_scorer_reads_beside_an_answer(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        long_ones = views.matching(mine, View(model="small"))
        changes.change(session, mine, reviewer, wanted.read({"gold": True}), long_ones)
    for name in ("agreement", "reference"):
        with session_scope() as session:
            begun = scoring.begin(session, session.get_one(Dataset, dataset.id), name, reviewer).id
        with session_scope() as session:
            assert scoring_pages.advance(session, begun)
        with session_scope() as session:
            assert session.get_one(Scoring, begun).seen == 2
        scoring_pages.run(session_scope, begun)
        with session_scope() as session:
            done = session.get_one(Scoring, begun)
            assert (done.status, done.seen, done.scored) == (ScoringStatus.DONE, 6, 6)


def test_answers_that_lost(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        for after in range(3):
            (one,) = comparing.page(session, dataset, MODELS, after, 1).items
            shown = [answer.id for answer in one.answers]
            comparing.choose(session, dataset, shown, shown[0], reviewer)
    pages = list(reading.pages(session_scope, dataset.id, View(model="large"), Deciders.PEOPLE))
    assert [len(page) for page in pages] == [2, 1]
    assert all(one.beaten and one.beaten.text == LONG for page in pages for one in page)


def test_requests_of_a_batch_that_is_taken_in() -> None:
    batch_id = run_batch(["x" * (imports.BYTES // 2)] * 3)
    with session_scope() as session:
        begun = imports.begin(session, new_dataset(), batch(batch_id)).id
    with session_scope() as session:
        assert imports.advance(session, begun)
    with session_scope() as session:
        assert session.get_one(Import, begun).imported == 2

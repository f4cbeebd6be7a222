"""A model judges which of two others answers better, and its verdicts stand beside people's choices."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from curation import batch_work, comparing, datasets, judge_results, judgings, retention
from curation.judge_prompt import CRITERIA
from curation.judge_results import Which
from curation.judge_trust import BesidePeople, Orders
from curation.judgings import NewJudging
from inference import api_keys
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, JudgingNotFound, ModelNotFound, RequestInvalid
from schemas.states import BatchStatus, Role, RunStatus
from schemas.tables import ApiKey, Batch, Comparison, Dataset, Judging, Model, Output
from schemas.tables.base import now
from tests.integration.curation.answers import add
from tests.integration.curation.batch_work import LATER, cancel, due, fresh_work
from tests.integration.curation.judging import (
    advance,
    advance_as_far_as_it_goes,
    answered,
    begin,
    judge_to_its_end,
    prefers,
    verdict,
    work_off,
)
from tests.integration.inference.batch_fixtures import MODEL, batch, lines_of

pytestmark = pytest.mark.usefixtures("database_url")
MODELS = ["large", "small"]


def dataset_with(items: int) -> Dataset:
    said = {model: [f"{model} says {n}" for n in range(1, items + 1)] for model in MODELS}
    with session_scope() as session:
        return answered(session, **said)


def rates(dataset: Dataset, judging_id: UUID | None = None) -> dict[str, tuple[int, int, int]]:
    with session_scope() as session:
        found = comparing.rates(session, dataset, MODELS, judging_id)
    return {rate.model: (rate.wins, rate.ties, rate.losses) for rate in found}


def orders(judging_id: UUID) -> Orders:
    with session_scope() as session:
        return judge_results.orders(session, session.get_one(Judging, judging_id))


def items_of(judging_id: UUID, which: Which) -> list[int]:
    with session_scope() as session:
        judging = session.get_one(Judging, judging_id)
        return [one.comparison.item for one in judge_results.verdicts(session, judging, which, 0, 100).items]


def choose(dataset: Dataset, key_id: UUID, winners: dict[int, str | None]) -> None:
    with session_scope() as session:
        for one in comparing.page(session, dataset, MODELS, 0, 1000).items:
            if one.item.number in winners:
                by_model = {answer.model: answer.id for answer in one.answers}
                winner = winners[one.item.number]
                best = None if winner is None else by_model[winner]
                comparing.choose(session, dataset, list(by_model.values()), best, key_id)


def test_a_judge_is_asked_in_both_orders_and_says_who_is_better(reviewer: UUID) -> None:
    dataset = dataset_with(5)
    judging_id = begin(dataset, reviewer)
    (made,) = advance_as_far_as_it_goes(judging_id)
    lines: list[Any] = lines_of(batch(made).input_file_id)
    assert [line["custom_id"][:4] for line in lines[:3]] == ["1:AB", "1:BA", "2:AB"]
    assert lines[0]["body"]["model"] == MODEL
    assert "Is this candidate a fit?" in lines[0]["body"]["messages"][0]["content"]
    assert CRITERIA in lines[0]["body"]["messages"][0]["content"]
    done = judge_to_its_end(judging_id, prefers("small"))
    assert (done.status, done.total, done.completed, done.failed) == (RunStatus.DONE, 10, 10, 0)
    assert rates(dataset, judging_id) == {"large": (0, 0, 5), "small": (5, 0, 0)}
    assert orders(judging_id) == Orders({"BA": 5})
    assert (batch(made).details or {})["judging"] == ids.show(ids.JUDGING, judging_id)
    with session_scope() as session:
        page = judge_results.verdicts(session, done, Which.ALL, 0, 1)
        (first, *_) = judge_results.with_texts(session, page).items
    assert first.comparison.reasons == ["It says small.", "It says small."]
    assert [answer.output for answer in first.answers] == ["large says 1", "small says 1"]


def test_where_the_order_decides_nobody_wins(reviewer: UUID) -> None:
    dataset = dataset_with(4)
    judging_id = begin(dataset, reviewer, criteria="Shorter is better.")
    done = judge_to_its_end(judging_id, lambda a, b: verdict("A"))
    assert done.criteria == "Shorter is better."
    assert rates(dataset, judging_id) == {"large": (0, 4, 0), "small": (0, 4, 0)}
    seen = orders(judging_id)
    assert (seen.bias, seen.first_place, seen.second_place) == (1.0, 4, 0)
    assert items_of(judging_id, Which.ORDERS) == [1, 2, 3, 4]


def test_answers_that_are_the_same_are_ties_that_nobody_is_asked_about(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["Yes.", "No.", "Yes."], small=[" Yes.\n", "Never.", "Yes."])
    judging_id = begin(dataset, reviewer)
    done = judge_to_its_end(judging_id, prefers("Never"))
    assert (done.total, done.completed) == (2, 2)
    assert orders(judging_id) == Orders({None: 2, "BA": 1})
    assert rates(dataset, judging_id)["small"] == (1, 2, 0)
    assert items_of(judging_id, Which.ORDERS) == []


def test_where_all_answers_are_the_same_nothing_is_asked(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["Yes."] * 3, small=["Yes."] * 3)
    judging_id = begin(dataset, reviewer)
    assert advance_as_far_as_it_goes(judging_id) == []
    with session_scope() as session:
        done = session.get_one(Judging, judging_id)
    assert (done.status, done.total) == (RunStatus.DONE, 0)
    assert orders(judging_id) == Orders({None: 3})


def test_what_is_no_verdict_is_counted_and_decides_nothing(reviewer: UUID) -> None:
    dataset = dataset_with(4)
    nonsense = cycle(['{"winner": "large"}', "I refuse.", '{"winner": ["A"]}', "\0", '{"winner"'])

    def mind(a: str, b: str) -> str:
        return prefers("large")(a, b) if "says 2" in a else next(nonsense)

    judging_id = begin(dataset, reviewer)
    done = judge_to_its_end(judging_id, mind)
    assert (done.status, done.completed) == (RunStatus.DONE, 8)
    assert done.unreadable == 6
    assert orders(judging_id) == Orders({"AB": 1})


def test_one_order_alone_is_no_verdict(reviewer: UUID) -> None:
    dataset = dataset_with(2)
    judging_id = begin(dataset, reviewer)
    judge_to_its_end(judging_id, lambda a, b: verdict("A") if "large" in a else "no idea")
    assert (rates(dataset, judging_id), fresh_work(Judging, judging_id).unreadable) == ({}, 2)


def test_items_are_asked_about_in_batches_and_each_verdict_finds_its_item(reviewer: UUID) -> None:
    dataset = dataset_with(5)
    judging_id = begin(dataset, reviewer, lines=4)
    made = advance_as_far_as_it_goes(judging_id)
    assert [batch(one).total for one in made] == [4, 4, 2]
    judge_to_its_end(judging_id, lambda a, b: prefers("large")(a, b) if "says 4" in a else verdict("tie"))
    with session_scope() as session:
        won = session.scalars(select(Comparison.item).where(Comparison.winner == "large")).all()
    assert won == [4]
    assert items_of(judging_id, Which.ALL) == [1, 2, 3, 4, 5]


def test_more_answers_than_are_read_at_once_are_all_read(reviewer: UUID) -> None:
    dataset = dataset_with(620)
    judging_id = begin(dataset, reviewer)
    judge_to_its_end(judging_id, prefers("large"))
    assert rates(dataset, judging_id)["large"] == (620, 0, 0)


def test_only_what_both_have_answered_is_judged_and_of_each_the_latest_answer(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["large one", "large two", "large three"], small=["small one", "small two"])
        add(session, dataset, "small", ["small again"])
    judging_id = begin(dataset, reviewer)
    (made,) = advance_as_far_as_it_goes(judging_id)
    lines: list[Any] = lines_of(batch(made).input_file_id)
    assert len(lines) == 4
    asked = lines[0]["body"]["messages"][0]["content"]
    assert "small again" in asked and "small one" not in asked


def test_people_and_judges_do_not_meet(reviewer: UUID) -> None:
    dataset = dataset_with(4)
    choose(dataset, reviewer, {1: "large", 2: "large"})
    judging_id = begin(dataset, reviewer)
    judge_to_its_end(judging_id, prefers("small"))
    other_id = begin(dataset, reviewer)
    judge_to_its_end(other_id, prefers("large"))
    assert rates(dataset)["large"] == (2, 0, 0)
    assert rates(dataset, judging_id)["large"] == (0, 0, 4)
    assert rates(dataset, other_id)["large"] == (4, 0, 0)
    with session_scope() as session:
        left = comparing.next_open(session, dataset, MODELS, reviewer)
        last = comparing.latest(session, dataset, MODELS, reviewer)
        assert left and last
        assert (left.item.number, last.item) == (3, 2)
        assert comparing.take_back(session, dataset, MODELS, reviewer) == 2
    assert rates(dataset, judging_id)["large"] == (0, 0, 4)


def test_a_judge_is_held_against_people_who_chose_between_the_same_answers(reviewer: UUID) -> None:
    dataset = dataset_with(6)
    judging_id = begin(dataset, reviewer)
    judge_to_its_end(judging_id, lambda a, b: verdict("tie") if "says 4" in a else prefers("large")(a, b))
    with session_scope() as session:
        second, third = (api_keys.create(session, name, Role.CURATOR, tenant="acme")[0].id for name in ("b", "c"))
    choose(dataset, reviewer, {1: "large", 2: "small", 3: None, 4: None})
    choose(dataset, second, {2: "small", 1: "small"})
    choose(dataset, third, {1: "large"})
    with session_scope() as session:
        # The first item is answered anew: what is chosen then is between other answers.
        add(session, dataset, "small", ["small again"])
    choose(dataset, reviewer, {1: "small"})
    with session_scope() as session:
        beside = judge_results.beside_people(session, session.get_one(Judging, judging_id))
    assert beside == BesidePeople({(0, 1): 2, (-1, 1): 1, (0, 0): 1})
    assert items_of(judging_id, Which.PEOPLE) == [1, 2, 3]


def test_any_step_may_be_lost_or_doubled(reviewer: UUID) -> None:
    dataset = dataset_with(5)
    judging_id = begin(dataset, reviewer, lines=6)
    assert due(Judging, timedelta(0)) == []
    assert due(Judging) == [judging_id]
    made = advance_as_far_as_it_goes(judging_id)
    assert advance_as_far_as_it_goes(judging_id) == made
    assert due(Judging) == []
    work_off(made, prefers("large"))
    assert due(Judging, timedelta(0)) == [judging_id]
    # Nobody goes on after the first page.
    assert advance(judging_id).more
    with session_scope() as session:
        session.execute(update(Judging).values(advanced_at=now() - LATER))
    assert due(Judging) == [judging_id]
    advance_as_far_as_it_goes(judging_id)
    assert due(Judging) == []
    assert not advance(judging_id).more
    assert rates(dataset, judging_id)["large"] == (5, 0, 0)


def test_cancelling_keeps_the_verdicts_that_are_there(reviewer: UUID) -> None:
    dataset = dataset_with(4)
    judging_id = begin(dataset, reviewer, lines=4)
    first, second = advance_as_far_as_it_goes(judging_id)
    cancel(Judging, judging_id)
    advance_as_far_as_it_goes(judging_id)
    assert {batch(one).status for one in (first, second)} == {BatchStatus.CANCELLED}
    advance_as_far_as_it_goes(judging_id)
    with session_scope() as session:
        done = session.get_one(Judging, judging_id)
        assert batch_work.cancel(session, done) is done
    assert done.status == RunStatus.CANCELLED


def test_a_judging_that_is_cancelled_early_reads_what_was_answered(reviewer: UUID) -> None:
    dataset = dataset_with(4)
    judging_id = begin(dataset, reviewer, lines=4)
    assert advance(judging_id).more
    work_off(fresh_work(Judging, judging_id).batch_ids, prefers("large"))
    cancel(Judging, judging_id)
    advance_as_far_as_it_goes(judging_id)
    with session_scope() as session:
        assert session.get_one(Judging, judging_id).status == RunStatus.CANCELLED
    assert rates(dataset, judging_id)["large"] == (2, 0, 0)


def test_a_judging_waits_while_a_quota_is_full_and_says_so(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["a", "b", "c", "same"], small=["1", "2", "3", "same"])
        session.execute(update(ApiKey).values(pending_requests=2))
    judging_id = begin(dataset, reviewer, lines=2)
    (first,) = advance_as_far_as_it_goes(judging_id)
    with session_scope() as session:
        waiting = session.get_one(Judging, judging_id)
        assert "2 are allowed" in (waiting.waits_for or "")
        # What was not begun is as it was.
        assert waiting.total == 8
    work_off([first], prefers("a"))
    assert len(advance_as_far_as_it_goes(judging_id)) == 2
    assert rates(dataset, judging_id)["large"] == (1, 0, 0)


def test_a_judging_that_a_quota_does_not_take_at_once_judges_everything_nevertheless(reviewer: UUID) -> None:
    dataset = dataset_with(5)
    with session_scope() as session:
        session.execute(update(ApiKey).values(pending_requests=5))
    judging_id = begin(dataset, reviewer)
    for _ in range(4):
        work_off(advance_as_far_as_it_goes(judging_id), prefers("large"))
    judging = fresh_work(Judging, judging_id)
    assert (judging.status, judging.total, judging.completed, judging.problems) == (RunStatus.DONE, 10, 10, [])
    assert rates(dataset, judging_id)["large"] == (5, 0, 0)


def test_a_judge_that_is_served_no_more_is_told_of(reviewer: UUID) -> None:
    judging_id = begin(dataset_with(2), reviewer)
    with session_scope() as session:
        session.execute(update(Model).values(served=False))
    assert advance_as_far_as_it_goes(judging_id) == []
    done = fresh_work(Judging, judging_id)
    assert "not served" in done.problems[0]
    assert done.status == RunStatus.DONE


def test_results_that_are_gone_before_they_are_read_are_told_of(reviewer: UUID) -> None:
    judging_id = begin(dataset_with(2), reviewer)
    made = advance_as_far_as_it_goes(judging_id)
    work_off(made, prefers("large"))
    with session_scope() as session:
        session.execute(update(Batch).values(results_purged_at=now()))
    advance_as_far_as_it_goes(judging_id)
    assert "no longer kept" in fresh_work(Judging, judging_id).problems[0]


def test_a_judging_of_a_deleted_dataset_ends_and_goes_with_it(reviewer: UUID) -> None:
    dataset = dataset_with(3)
    judge_to_its_end(begin(dataset, reviewer), prefers("large"))
    judging_id = begin(dataset, reviewer)
    made = advance_as_far_as_it_goes(judging_id)
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    advance_as_far_as_it_goes(judging_id)
    assert {batch(one).status for one in made} == {BatchStatus.CANCELLED}
    assert due(Judging) == [judging_id]
    advance_as_far_as_it_goes(judging_id)
    retention.purge_datasets(session_scope)
    with session_scope() as session:
        left = [session.scalar(select(func.count()).select_from(table)) for table in (Judging, Comparison)]
    assert left == [0, 0]


def test_what_can_not_be_judged_is_refused(reviewer: UUID) -> None:
    dataset = dataset_with(1)

    def refused(kind: type[Exception], models: Sequence[str] = MODELS, judge: str = MODEL, **wanted: str) -> None:
        with session_scope() as session, pytest.raises(kind):
            mine = session.get_one(Dataset, dataset.id)
            judgings.create(session, mine, reviewer, NewJudging(models, judge, **wanted))

    refused(RequestInvalid, [])
    refused(RequestInvalid, ["large"])
    refused(RequestInvalid, ["large", "large"])
    refused(RequestInvalid, ["large", "small", "tuned"])
    refused(RequestInvalid, ["large", "unknown"])
    refused(ModelNotFound, judge="no-such-model")
    refused(RequestInvalid, judge="nul\0")
    refused(RequestInvalid, criteria="x" * (judgings.LONGEST_CRITERIA + 1))
    refused(RequestInvalid, criteria="nul\0")
    refused(RequestInvalid, completion_window="soon")
    with session_scope() as session, pytest.raises(JudgingNotFound):
        judgings.get(session, "acme", "judg_5")


def test_models_that_have_no_item_in_common_can_not_be_judged(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["one"], small=["one", "two"])
    with session_scope() as session:
        session.execute(delete(Output).where(Output.model == "small", Output.item == 1))
    with session_scope() as session, pytest.raises(Conflict):
        judgings.create(session, session.get_one(Dataset, dataset.id), reviewer, NewJudging(MODELS, MODEL))

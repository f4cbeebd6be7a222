"""What lost a comparison is the worse half of a preference, where nobody has mended anything."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from curation import comparing
from curation.exports import life, writer
from curation.exports.options import Options
from curation.exports.preview import preview
from curation.formats.table import format_named
from curation.views import View
from inference import api_keys, files
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Dataset, Export, File
from tests.fine_tuning import faults_of_preferences
from tests.integration.curation.answers import add
from tests.integration.curation.changing import change
from tests.integration.curation.judging import answered, begin, judge_to_its_end, prefers

pytestmark = pytest.mark.usefixtures("database_url")
MODELS = ("large", "small", "tuned")
Choices = dict[int, str | None]


@pytest.fixture
def dataset(database_url: str) -> Dataset:
    said = {model: [f"{model} says {n}" for n in range(1, 4)] for model in MODELS}
    with session_scope() as session:
        return answered(session, **said)


def choose(dataset: Dataset, key_id: UUID, models: Sequence[str], winners: Choices) -> None:
    with session_scope() as session:
        for one in comparing.page(session, dataset, models, 0, 10).items:
            if one.item.number in winners:
                by_model = {answer.model: answer.id for answer in one.answers}
                best = winners[one.item.number]
                shown = list(by_model.values())
                comparing.choose(session, dataset, shown, best and by_model[best], key_id)


def exported(dataset: Dataset, key_id: UUID, **options: Any) -> Export:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        begun = life.begin(
            session, mine, key_id, address={}, view=View(), format_name="dpo", options=Options(**options)
        )
    writer.run(session_scope, begun.id)
    with session_scope() as session:
        return session.get_one(Export, begun.id)


def lines(done: Export) -> list[Any]:
    with session_scope() as session, files.open_content(session.get_one(File, done.file_id)) as stream:
        return [json.loads(line) for line in stream]


def pairs(dataset: Dataset, key_id: UUID, **options: Any) -> list[tuple[str, str]]:
    done = exported(dataset, key_id, **options)
    return sorted(
        (line["preferred_output"][0]["content"], line["non_preferred_output"][0]["content"])
        for line in (lines(done) if done.file_id else [])
    )


def sources(done: Export) -> Any:
    assert done.manifest
    return done.manifest["preferences"]


def test_an_answer_that_won_is_preferred_to_the_one_that_lost(dataset: Dataset, reviewer: UUID) -> None:
    choose(dataset, reviewer, ["large", "small"], {1: "small", 2: "large", 3: None})
    assert pairs(dataset, reviewer) == [("large says 2", "small says 2"), ("small says 1", "large says 1")]
    done = exported(dataset, reviewer)
    assert sources(done) == {"edits": 0, "people": 2, "judges": 0}
    with session_scope() as session, files.open_content(session.get_one(File, done.file_id)) as stream:
        # Of the form that fine-tuning takes, only too few for it.
        assert faults_of_preferences(stream.read()) == ["2 lines"]


def test_what_somebody_has_mended_comes_first(dataset: Dataset, reviewer: UUID) -> None:
    choose(dataset, reviewer, ["large", "small"], {1: "small"})
    change(dataset, reviewer, View(search='"small says 1"'), edited_output="Better.")
    assert pairs(dataset, reviewer) == [("Better.", "small says 1")]
    assert sources(exported(dataset, reviewer)) == {"edits": 1, "people": 0, "judges": 0}


def test_the_latest_word_counts(dataset: Dataset, reviewer: UUID) -> None:
    with session_scope() as session:
        second = api_keys.create(session, "second", Role.CURATOR, tenant="acme")[0].id
    choose(dataset, reviewer, ["large", "small"], {1: "small", 2: "small"})
    choose(dataset, second, ["large", "small"], {1: "large", 2: None})
    assert pairs(dataset, reviewer) == [("large says 1", "small says 1")]


def test_of_several_that_lost_it_is_the_first_by_name_and_two_say_more_than_three(
    dataset: Dataset, reviewer: UUID
) -> None:
    choose(dataset, reviewer, ["small", "tuned"], {2: "tuned"})
    choose(dataset, reviewer, MODELS, {1: "tuned", 2: "tuned"})
    assert pairs(dataset, reviewer) == [("tuned says 1", "large says 1"), ("tuned says 2", "small says 2")]


def test_judges_are_heard_only_where_somebody_wants_to_and_no_person_has_chosen(
    dataset: Dataset, reviewer: UUID
) -> None:
    judge_to_its_end(begin(dataset, reviewer), prefers("small"))
    choose(dataset, reviewer, ["large", "small"], {1: "large", 2: None})
    assert pairs(dataset, reviewer) == [("large says 1", "small says 1")]
    assert pairs(dataset, reviewer, with_judges=True) == [
        ("large says 1", "small says 1"),
        ("small says 3", "large says 3"),
    ]
    done = exported(dataset, reviewer, with_judges=True)
    assert sources(done) == {"edits": 0, "people": 1, "judges": 1}


def test_a_person_who_has_seen_both_answers_among_others_goes_before_a_judge(dataset: Dataset, reviewer: UUID) -> None:
    judge_to_its_end(begin(dataset, reviewer), prefers("small"))
    choose(dataset, reviewer, MODELS, {1: "large", 2: "tuned", 3: None})
    by_people = [("large says 1", "small says 1"), ("tuned says 2", "large says 2")]
    assert pairs(dataset, reviewer, with_judges=True) == by_people


def test_a_judge_is_heard_of_answers_that_no_person_has_seen(dataset: Dataset, reviewer: UUID) -> None:
    choose(dataset, reviewer, ["large", "small"], {1: "large", 2: "large", 3: "large"})
    with session_scope() as session:
        add(session, session.get_one(Dataset, dataset.id), "small", [f"small says {n} now" for n in range(1, 4)])
    judge_to_its_end(begin(dataset, reviewer), prefers("small"))
    choose(dataset, reviewer, ["large", "small", "tuned"], {1: "tuned"})
    assert pairs(dataset, reviewer, with_judges=True) == [
        *((f"large says {n}", f"small says {n}") for n in range(1, 4)),
        *((f"small says {n} now", f"large says {n}") for n in (2, 3)),
        ("tuned says 1", "large says 1"),
    ]


def test_answers_that_say_the_same_are_no_preference(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["Yes."], small=["Yes. "])
    choose(dataset, reviewer, ["large", "small"], {1: "large"})
    assert pairs(dataset, reviewer) == []


def test_a_preview_counts_where_preferences_come_from(dataset: Dataset, reviewer: UUID) -> None:
    judge_to_its_end(begin(dataset, reviewer), prefers("small"))
    choose(dataset, reviewer, ["large", "small"], {1: "large"})
    form = format_named("dpo")
    for options, judged in ((Options(), 0), (Options(with_judges=True), 2)):
        shown = preview(session_scope, dataset, View(), form, options)
        assert (shown.tally.preferences["people"], shown.tally.preferences["judges"]) == (1, judged)
        assert shown.tally.without_use == 8 - judged


def test_other_formats_ask_no_comparison(dataset: Dataset, reviewer: UUID) -> None:
    choose(dataset, reviewer, ["large", "small"], {1: "large"})
    shown = preview(session_scope, dataset, View(), format_named("chat"), Options())
    assert not shown.tally.preferences
    with session_scope() as session:
        begun = life.begin(
            session, session.get_one(Dataset, dataset.id), reviewer,
            address={}, view=View(), format_name="chat", options=Options(),
        )  # fmt: skip
    writer.run(session_scope, begun.id)
    with session_scope() as session:
        assert sources(session.get_one(Export, begun.id)) is None

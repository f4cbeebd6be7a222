"""Exports: what is in the file, and what stands beside it."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from pyarrow import parquet
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from curation import datasets, table
from curation.exports import reading
from curation.exports.duplicates import Seen, SeenInDatabase, SeenInMemory
from curation.exports.options import Options
from curation.exports.preview import preview
from curation.formats.learned import Learned
from curation.formats.table import FORMATS, format_named
from curation.table import Sort
from curation.views import View
from inference.models import registry
from inference.pages import BYTES
from schemas import ids
from schemas.database import session_scope
from schemas.ids import new_id
from schemas.states import ExampleStatus, ExportStatus
from schemas.tables import Dataset, Example, File, Output
from schemas.tables.base import now
from tests.fine_tuning import faults_of_chats, faults_of_preferences
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.changing import ALL, change
from tests.integration.curation.exporting import begin, content, export, manifest, repeated, stored, written
from tests.integration.inference.batch_fixtures import MODEL
from tests.models import tiny_llama

FILL = """
    INSERT INTO items (dataset_id, number, custom_id, request)
    SELECT :id, n, 'c-' || n, '{"messages": [{"role": "user", "content": "Is candidate ' || n || ' a fit? '
        || repeat('word ', 200) || '"}]}' FROM generate_series(1, :many) AS n;
    INSERT INTO outputs (id, dataset_id, item, model, asked, output, fields)
    SELECT gen_random_uuid(), :id, n, 'm', '', 'Answer ' || n || repeat(' word', 200), '{}'
    FROM generate_series(1, :many) AS n;
    INSERT INTO examples (id, dataset_id, model, status, gold, tags, notes, created_at, updated_at, version)
    SELECT id, dataset_id, model, 'needs_review', false, '{}', '', now(), now(), 1 FROM outputs WHERE dataset_id = :id
"""


def say(words: str, dataset: Dataset, like: str = "%") -> None:
    """Have the model have said this."""
    with session_scope() as session:
        session.execute(
            update(Output).where(Output.dataset_id == dataset.id, Output.asked.like(like)).values(output=words)
        )


def filled(many: int) -> Dataset:
    with session_scope() as session:
        made = datasets.create(session, "acme", "Many")
        for statement in FILL.split(";"):
            session.execute(text(statement), {"id": made.id, "many": many})
    return made


def test_an_export_of_chats_is_what_openai_fine_tunes_on(dataset: Dataset, reviewer: UUID) -> None:
    done = export(dataset, reviewer)
    assert faults_of_chats(content(done)) == []
    assert (done.total, done.done, done.version) == (10, 10, 1)
    with session_scope() as session:
        file = session.get_one(File, done.file_id)
    assert (file.purpose, file.filename, file.expires_at) == ("fine-tune", "Evaluations-chat-v1.jsonl", None)


def test_preferences_are_what_openai_fine_tunes_on(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, edited_output="Better.")
    done = export(dataset, reviewer, "dpo")
    assert faults_of_preferences(content(done)) == []
    assert manifest(done)["problems"] == []


def test_only_mended_answers_are_preferences(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, View(search="candidate 3"), edited_output="Better.")
    done = export(dataset, reviewer, "dpo")
    (line,) = map(json.loads, content(done).splitlines())
    assert line["preferred_output"] == [{"role": "assistant", "content": "Better."}]
    assert (manifest(done)["examples"], manifest(done)["without_use"]) == (1, 9)
    assert manifest(done)["problems"] == [
        {"problem": "Fine-tuning takes at least 10 examples; here are 1.", "example_id": None}
    ]


def test_a_preference_is_no_duplicate_of_an_answer_that_makes_none(database_url: str, reviewer: UUID) -> None:
    with session_scope() as session:
        made = dataset_of(session, large=["Paris"], small=["London"])
    change(made, reviewer, View(model="small"), edited_output="Paris")
    done = export(made, reviewer, "dpo", leave_out_duplicates=True)
    (line,) = map(json.loads, content(done).splitlines())
    assert line["non_preferred_output"] == [{"role": "assistant", "content": "London"}]
    assert manifest(done)["duplicates"] == {"found": 0, "left_out": 0}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_all_that_the_view_holds(dataset: Dataset, reviewer: UUID, name: str) -> None:
    change(dataset, reviewer, edited_output="Better.")
    written_bytes = content(export(dataset, reviewer, name, View(search="candidate")))
    if name == "csv":
        rows: list[Any] = list(csv.DictReader(io.StringIO(written_bytes.decode(), newline="")))
        assert {row["output"] for row in rows} == {"Better."}
    elif name == "parquet":
        rows = parquet.read_table(io.BytesIO(written_bytes)).to_pylist()
        assert [row["custom_id"] for row in rows] == [f"c-{n}" for n in range(10)]
    else:
        rows = [json.loads(line) for line in written_bytes.splitlines()]
    assert len(rows) == 10


def test_a_manifest_says_what_the_file_is_made_of(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, View(search="candidate 3"), gold=True)
    done = export(dataset, reviewer, view=View(search="candidate"))
    shown, written_bytes = manifest(done), content(done)
    assert shown["file"]["sha256"] == sha256(written_bytes).hexdigest()
    assert shown["file"]["bytes"] == len(written_bytes)
    assert shown["dataset"] == {"id": ids.show(ids.DATASET, dataset.id), "name": "Evaluations"}
    assert shown["export"]["created_by"]["name"] == "reviewer"
    with session_scope() as session:
        rows = table.page(session, dataset, ALL, Sort.OLDEST, None, 100).rows
    versions = {ids.show(ids.EXAMPLE, row.example.id): row.example.version for row in rows}
    assert shown["versions"] == versions
    assert sorted(versions.values()) == [1] * 9 + [2]
    listed = "".join(f"{example} {version}\n" for example, version in versions.items())
    assert shown["versions_sha256"] == sha256(listed.encode()).hexdigest()


def test_the_same_examples_give_the_same_bytes_and_others_the_next_version(dataset: Dataset, reviewer: UUID) -> None:
    first = export(dataset, reviewer, "icl", leave_out_duplicates=True)
    second = repeated(first, reviewer)
    assert content(second) == content(first)
    assert manifest(second)["file"]["sha256"] == manifest(first)["file"]["sha256"]
    change(dataset, reviewer, View(search="candidate 3"), edited_output="Better.")
    third = repeated(first, reviewer)
    assert [one.version for one in (first, second, third)] == [1, 2, 3]
    assert third.options == first.options
    differing = set(content(third).splitlines()) - set(content(first).splitlines())
    assert [json.loads(line)["output"] for line in differing] == ["Better."]


def test_duplicates_are_told_whatever_their_white_space_and_left_out_if_wanted(
    dataset: Dataset, reviewer: UUID
) -> None:
    say("Yes.\n\nTruly.", dataset)
    with session_scope() as session:
        session.execute(text("UPDATE items SET request = replace(request, 'candidate 4', 'candidate  3')"))
        session.execute(text("UPDATE items SET request = replace(request, 'candidate 5', ' candidate 3')"))
    say("Yes. Truly.", dataset, like="%candidate 4%")
    kept = export(dataset, reviewer)
    assert (manifest(kept)["examples"], manifest(kept)["duplicates"]) == (10, {"found": 2, "left_out": 0})
    less = export(dataset, reviewer, leave_out_duplicates=True)
    assert (manifest(less)["examples"], manifest(less)["duplicates"]) == (8, {"found": 2, "left_out": 2})
    assert len(content(less).splitlines()) == 8


@pytest.mark.parametrize("kind", [SeenInMemory, SeenInDatabase])
def test_the_first_of_each_is_new(session: Session, kind: Callable[..., Seen]) -> None:
    seen = kind(session) if kind is SeenInDatabase else kind()
    one, two, three = new_id(), new_id(), new_id()
    assert seen.are_new([one, two, one]) == [True, True, False]
    assert seen.are_new([two, three, three]) == [False, True, False]
    assert seen.are_new([]) == []


def test_a_system_prompt_is_added_or_left_out(dataset: Dataset, reviewer: UUID) -> None:
    with_one = content(export(dataset, reviewer, system_prompt="You hire nurses."))
    assert faults_of_chats(with_one) == []
    firsts = [json.loads(line)["messages"][0] for line in with_one.splitlines()]
    assert firsts == [{"role": "system", "content": "You hire nurses."}] * 10


def test_only_what_is_approved_and_only_what_was_changed_lately(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, View(search="candidate 3 or candidate 4"), status="approved")
    assert len(content(export(dataset, reviewer, only_approved=True)).splitlines()) == 2
    with session_scope() as session:
        old = {"updated_at": now() - timedelta(days=40)}
        session.execute(update(Example).where(Example.status == ExampleStatus.NEEDS_REVIEW).values(old))
    lately = export(dataset, reviewer, view=View(changed_since=now() - timedelta(days=30)))
    assert len(content(lately).splitlines()) == 2


def test_tokens_are_counted_where_the_models_tokenizer_is_at_hand(dataset: Dataset, reviewer: UUID) -> None:
    say("Yes, indeed.", dataset)
    estimated = manifest(export(dataset, reviewer))["tokens"]
    assert (estimated["counted"], estimated["estimated"]) == (0, 10)
    with session_scope() as session:
        registry.announce(session, {MODEL: str(tiny_llama())}, "stub")
    counted = manifest(export(dataset, reviewer))["tokens"]
    assert (counted["counted"], counted["estimated"]) == (10, 0)
    assert counted["total"] == 10 * counted["mean"] == 10 * counted["min"] == 10 * counted["max"]
    assert estimated["total"] * 0.5 < counted["total"] < estimated["total"] * 3


def test_an_empty_answer_is_told(dataset: Dataset, reviewer: UUID) -> None:
    say(" \n", dataset, like="%candidate 3%")
    (problem,) = manifest(export(dataset, reviewer))["problems"]
    assert problem["problem"] == "Examples with an empty answer: 1."
    assert manifest(export(dataset, reviewer, "csv"))["problems"] == []


def test_a_view_that_holds_nothing_gives_no_file(dataset: Dataset, reviewer: UUID) -> None:
    for name in ("chat", "csv", "parquet"):
        done = export(dataset, reviewer, name, View(gold=True))
        assert (done.status, done.file_id) == (ExportStatus.BROKEN, None)
        assert done.problem == "No example of this view makes a line of this format."
    assert stored() == []


def test_long_texts_end_a_page_early_and_nothing_is_left_out(dataset: Dataset) -> None:
    say("x" * (BYTES // 2), dataset, like="%candidate 3%")
    say("x" * (BYTES // 2), dataset, like="%candidate 6%")
    found: list[list[Learned]] = [list(page) for page in reading.pages(session_scope, dataset.id, ALL)]
    assert len(found) > 1
    assert [one.custom_id for page in found for one in page] == [f"c-{n}" for n in range(10)]


def test_memory_does_not_grow_with_the_dataset(database_url: str, reviewer: UUID) -> None:
    def peak(many: int) -> int:
        begun = begin(filled(many), reviewer)
        tracemalloc.start()
        done = written(begun)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert manifest(done)["examples"] == many
        return most

    peak(10)
    assert peak(2400) < peak(600) + 1024**2


def test_a_preview_is_of_the_first_examples_and_says_so(database_url: str) -> None:
    many = filled(1000)
    shown = preview(session_scope, many, ALL, format_named("chat"), Options())
    assert (shown.examples, shown.looked_at, shown.is_whole) == (1000, 600, False)
    assert (shown.tally.examples, len(shown.lines), shown.problems) == (600, 3, [])


def test_a_preview_tells_what_a_fine_tuning_service_would_refuse(dataset: Dataset) -> None:
    say("", dataset, like="%candidate 0%")
    few = replace(ALL, search='"candidate 0"')
    shown = preview(session_scope, dataset, few, format_named("chat"), Options(leave_out_duplicates=True))
    assert (shown.examples, shown.is_whole, shown.tally.tokens.estimated) == (1, True, 1)
    assert [one["problem"] for one in shown.problems] == [
        "Examples with an empty answer: 1.",
        "Fine-tuning takes at least 10 examples; here are 1.",
    ]
    assert [json.loads(line)["messages"][-1]["content"] for line in shown.lines] == [""]

"""Snapshots stay as they were."""

import json
from itertools import chain
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select

from curation import datasets, snapshots, split_making, splits
from curation.exports.streaming import stream
from curation.formats.learned import Learned
from curation.formats.table import FORMATS
from curation.retention import purge_datasets
from curation.splits import NewSplit
from curation.views import View, matching
from schemas import ids
from schemas.database import session_scope
from schemas.errors import RequestInvalid
from schemas.tables import Base, Dataset, Example, Snapshot
from schemas.tables.exports import ExportFormat
from tests.integration.curation.changing import change
from tests.integration.curation.runs import advance, begin_run, make_batches, new_dataset, upload
from tests.integration.inference.batch_fixtures import as_jsonl

OF_DATASETS = (
    "imports",
    "runs",
    "run_parts",
    "splits",
    "split_items",
    "item_signatures",
    "snapshots",
    "snapshot_examples",
)
NOTHING = np.empty(0, dtype=np.uint64)


@pytest.fixture
def answered(database_url: str) -> Dataset:
    dataset = new_dataset()
    upload(dataset, as_jsonl([{"prompt": f"Question {n}?", "completion": f"Answer {n}."} for n in range(5)]))
    return dataset


def take(dataset: Dataset, key_id: UUID, view: View | None = None, name: str = "First") -> Snapshot:
    with session_scope() as session:
        return snapshots.create(session, dataset, key_id, name, view or View(), {})


def ids_of(dataset: Dataset) -> list[UUID]:
    with session_scope() as session:
        return list(session.scalars(matching(dataset, View()).order_by(Example.id)))


def held(taken: Snapshot) -> list[Learned]:
    return list(chain.from_iterable(snapshots.pages(session_scope, taken.id)))


def exported(taken: Snapshot) -> dict[str, bytes]:
    return {name: b"".join(stream(snapshots.pages(session_scope, taken.id), form)) for name, form in FORMATS.items()}


def test_a_snapshot_gives_its_examples_as_they_were(answered: Dataset, reviewer: UUID) -> None:
    first, second, *_ = ids_of(answered)
    change(answered, reviewer, only=[first], edited_output="Better.", gold=True, add_tags=["fine"])
    taken = take(answered, reviewer)
    before, files = held(taken), exported(taken)
    change(answered, reviewer, only=[first], edited_output="Best.", score=0.5)
    change(answered, reviewer, edited_output=None, gold=False, status="rejected", remove_tags=["fine"])
    change(answered, reviewer, only=[second], notes="later")
    after = held(taken)
    assert after == before
    assert exported(taken) == files
    assert (after[0].said, after[0].tags, after[0].score) == ("Better.", ["fine"], None)
    lines = [json.loads(line) for line in files[ExportFormat.CHAT].splitlines()]
    assert [line["messages"][-1]["content"] for line in lines] == ["Better.", *(f"Answer {n}." for n in range(1, 5))]
    (preference,) = files[ExportFormat.DPO].splitlines()
    assert b"Better." in preference


def test_a_snapshot_holds_what_its_view_held(answered: Dataset, reviewer: UUID) -> None:
    change(answered, reviewer, only=ids_of(answered)[:2], gold=True)
    taken = take(answered, reviewer, View(gold=True))
    change(answered, reviewer, gold=True)
    assert taken.examples == 2
    assert [one.id for one in held(taken)] == ids_of(answered)[:2]


def test_the_digest_is_the_same_as_long_as_all_is_the_same(answered: Dataset, reviewer: UUID) -> None:
    one, same = take(answered, reviewer), take(answered, reviewer)
    change(answered, reviewer, only=ids_of(answered)[:1], score=1)
    other, nothing = take(answered, reviewer), take(answered, reviewer, View(gold=True))
    assert one.digest == same.digest
    assert len({one.digest, other.digest, nothing.digest}) == 3
    assert nothing.examples == 0


def test_it_goes_over_all_pages(answered: Dataset, reviewer: UUID) -> None:
    taken = take(answered, reviewer)
    pages = list(snapshots.pages(session_scope, taken.id, at_once=2))
    assert list(map(len, pages)) == [2, 2, 1]
    assert [one.id for page in pages for one in page] == ids_of(answered)


def test_a_snapshot_has_a_name(answered: Dataset, reviewer: UUID) -> None:
    with pytest.raises(RequestInvalid):
        take(answered, reviewer, name=" ")


def test_splits_snapshots_and_runs_go_with_their_dataset(answered: Dataset, reviewer: UUID) -> None:
    take(answered, reviewer)
    run_id = begin_run(answered, reviewer)
    make_batches(run_id)
    with session_scope() as session:
        mine = session.get_one(Dataset, answered.id)
        made, begun = (splits.create(session, mine, reviewer, NewSplit(name, {"train": 1})).id for name in "ab")
    split_making.run(session_scope, made)
    with session_scope() as session:
        split_making.advance(session, begun, NOTHING)
        datasets.delete(session, "acme", ids.show(ids.DATASET, answered.id))
    assert purge_datasets(session_scope) == 0
    # Its batches are cancelled, and then found to have ended.
    for _ in range(2):
        advance(run_id)
    assert purge_datasets(session_scope) == 1
    with session_scope() as session:
        tables = [Base.metadata.tables[name] for name in OF_DATASETS]
        left = {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}
    assert left == dict.fromkeys(OF_DATASETS, 0)

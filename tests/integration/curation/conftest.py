"""A batch that has ended, and a dataset of its answers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from curation import datasets, imports, queue_making
from curation.queues import NewQueue
from curation.views import View
from inference import api_keys, finaliser
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Dataset, Queue
from tests.integration.curation.queueing import MakeQueue
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, submit, worker


def run_batch(texts: Sequence[str], **engine_args: str) -> UUID:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", text) for n, text in enumerate(texts)]))
    with worker(**engine_args) as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    return batch_id


def import_batch(dataset: Dataset, batch_id: UUID) -> UUID:
    with session_scope() as session:
        begun = imports.begin(session, dataset, batch(batch_id)).id
    imports.run(session_scope, begun)
    return begun


@pytest.fixture
def reviewer(database_url: str) -> UUID:
    with session_scope() as session:
        key, _ = api_keys.create(session, "reviewer", Role.CURATOR, tenant="acme")
        return key.id


@pytest.fixture
def dataset(database_url: str) -> Dataset:
    """Ten evaluations."""
    batch_id = run_batch([f"Is candidate {n} a fit for nursing?" for n in range(10)])
    with session_scope() as session:
        made = datasets.create(session, "acme", "Evaluations")
    import_batch(made, batch_id)
    return made


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

"""A batch that has ended, and a dataset of its answers."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from curation import datasets, imports
from inference import api_keys, finaliser
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Dataset
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

"""Datasets from files, and runs on them, without HTTP and Celery."""

import io
from collections.abc import Sequence
from uuid import UUID

from curation import datasets, imports, run_parts, runs, uploads
from curation.batch_parts import Step
from curation.runs import NewRun
from inference import files
from inference.models import registry
from schemas.database import session_scope
from schemas.tables import Dataset, Run
from tests.integration.curation.batch_work import do_step, finalise, fresh_work
from tests.integration.inference.batch_fixtures import MODEL, MODELS, as_jsonl, worker


def new_dataset(name: str = "Questions") -> Dataset:
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")
        return datasets.create(session, "acme", name)


def begin_upload(dataset: Dataset, content: bytes) -> UUID:
    with session_scope() as session:
        file = files.create(session, "acme", "questions", "user_data", io.BytesIO(content))
        return uploads.begin(session, dataset, file).id


def upload(dataset: Dataset, content: bytes) -> UUID:
    import_id = begin_upload(dataset, content)
    imports.run(session_scope, import_id)
    return import_id


def with_items(count: int) -> Dataset:
    dataset = new_dataset()
    upload(dataset, as_jsonl([{"custom_id": f"q-{n}", "prompt": f"Question {n}?"} for n in range(1, count + 1)]))
    return dataset


def fresh(dataset: Dataset) -> Dataset:
    with session_scope() as session:
        return session.get_one(Dataset, dataset.id)


def begin_run(
    dataset: Dataset, key_id: UUID, models: Sequence[str] = (MODEL,), lines: int = 3, **parameters: object
) -> UUID:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        return runs.create(session, mine, key_id, NewRun(models, parameters), lines=lines).id


def advance(run_id: UUID) -> Step:
    return do_step(run_parts.advance, run_id)


def make_batches(run_id: UUID) -> list[UUID]:
    while advance(run_id).more:
        pass
    return fresh_work(Run, run_id).batch_ids


def work_off(batch_ids: Sequence[UUID], **engine_args: str) -> None:
    with worker(**engine_args) as gpu:
        gpu.work()
    finalise(batch_ids)


def run_to_its_end(run_id: UUID, **engine_args: str) -> Run:
    work_off(make_batches(run_id), **engine_args)
    advance(run_id)
    advance(run_id)
    return fresh_work(Run, run_id)

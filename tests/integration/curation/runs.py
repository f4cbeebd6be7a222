"""Datasets from files, and runs on them, without HTTP and Celery."""

import io
from collections.abc import Sequence
from uuid import UUID

from curation import datasets, imports, run_parts, runs, uploads
from curation.runs import NewRun
from inference import files, finaliser, intake
from inference.models import registry
from schemas.database import session_scope
from schemas.tables import Dataset, Run
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


def advance(run_id: UUID) -> run_parts.Step:
    """What the task does, once, with all that it tells others to do."""
    with session_scope() as session:
        step = run_parts.advance(session, run_id)
    for batch_id in step.validate:
        with session_scope() as session:
            intake.take_in(session, batch_id)
    for batch_id in step.finalise:
        finaliser.finalise(batch_id)
    for import_id in step.imports:
        imports.run(session_scope, import_id)
    return step


def make_batches(run_id: UUID) -> list[UUID]:
    while advance(run_id).more:
        pass
    with session_scope() as session:
        parts = runs.parts(session, [session.get_one(Run, run_id)])[run_id]
    return [part.batch_id for part in parts if part.batch_id]


def work_off(batch_ids: Sequence[UUID], **engine_args: str) -> None:
    with worker(**engine_args) as gpu:
        gpu.work()
    for batch_id in batch_ids:
        finaliser.finalise(batch_id)


def run_to_its_end(run_id: UUID, **engine_args: str) -> Run:
    work_off(make_batches(run_id), **engine_args)
    advance(run_id)
    advance(run_id)
    with session_scope() as session:
        return session.get_one(Run, run_id)

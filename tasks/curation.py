"""The long work on datasets, as Celery sees it."""

from collections.abc import Callable
from uuid import UUID

from curation import (
    imports,
    judging_parts,
    queue_making,
    refilling,
    resuming,
    run_parts,
    scoring_pages,
    split_making,
)
from curation.batch_parts import Step
from schemas.database import OpenSession, session_scope
from tasks import dispatch
from tasks.app import app


@app.task(name="curation.import")
def import_batch(import_id: str) -> None:
    """Take a batch's answers into a dataset, or go on doing so."""
    if imports.run(session_scope, UUID(import_id)):
        dispatch.import_answers(UUID(import_id))


@app.task(name="curation.score")
def score(scoring_id: str) -> None:
    """Have a scorer go through a dataset, or go on doing so."""
    if scoring_pages.run(session_scope, UUID(scoring_id)):
        dispatch.score(UUID(scoring_id))


@app.task(name="curation.columns")
def fill_columns(dataset_id: str) -> None:
    """Give a dataset's columns their values anew, or go on doing so."""
    if refilling.run(session_scope, UUID(dataset_id)):
        dispatch.fill_columns(UUID(dataset_id))


@app.task(name="curation.run")
def advance_run(run_id: str) -> None:
    """Do for a run what there is to do: make its batches, take in their answers."""
    if _step_by_step(run_parts.advance, UUID(run_id)):
        dispatch.advance_run(UUID(run_id))


@app.task(name="curation.split")
def make_split(split_id: str) -> None:
    """Put a dataset's items on their sides, or go on doing so."""
    if split_making.run(session_scope, UUID(split_id)):
        dispatch.make_split(UUID(split_id))


@app.task(name="curation.queue")
def make_queue(queue_id: str) -> None:
    """Give the answers of a queue their places."""
    queue_making.run(session_scope, UUID(queue_id))


@app.task(name="curation.judge")
def advance_judging(judging_id: str) -> None:
    """Do for a judging what there is to do: make its batches, read their verdicts."""
    if _step_by_step(judging_parts.advance, UUID(judging_id)):
        dispatch.judge(UUID(judging_id))


def _step_by_step(advance: Callable[[OpenSession, UUID], Step], work_id: UUID) -> bool:
    def do_step() -> bool:
        step = advance(session_scope, work_id)
        for batch_id in step.validate:
            dispatch.validate_batch(batch_id)
        for batch_id in step.finalise:
            dispatch.finalise_batch(batch_id)
        for import_id in step.imports:
            dispatch.import_answers(import_id)
        return step.more

    return resuming.for_a_turn(do_step)

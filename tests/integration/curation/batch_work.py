"""Runs and judgings step by step, without HTTP and Celery."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from curation import batch_work, imports
from curation.batch_parts import Step
from inference import finaliser, intake
from schemas.database import OpenSession, session_scope
from schemas.tables import Judging, Run
from schemas.tables.base import now

LATER = timedelta(minutes=1)


def do_step(advance: Callable[[OpenSession, UUID], Step], work_id: UUID) -> Step:
    """What the task does, once, with all that it tells others to do."""
    step = advance(session_scope, work_id)
    for batch_id in step.validate:
        with session_scope() as session:
            intake.take_in(session, batch_id)
    finalise(step.finalise)
    for import_id in step.imports:
        imports.run(session_scope, import_id)
    return step


def finalise(batch_ids: Sequence[UUID]) -> None:
    for batch_id in batch_ids:
        finaliser.finalise(batch_id)


def fresh_work(table: type[batch_work.Work], work_id: UUID) -> batch_work.Work:
    with session_scope() as session:
        return session.get_one(table, work_id)


def cancel(table: type[Run | Judging], work_id: UUID) -> None:
    with session_scope() as session:
        batch_work.cancel(session, session.get_one(table, work_id))


def due(table: type[Run | Judging], moment: timedelta = LATER) -> list[UUID]:
    with session_scope() as session:
        return batch_work.due(session, table, now() + moment)

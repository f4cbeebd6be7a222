"""Which task the outputs of a dataset are of."""

from sqlalchemy.orm import Session

from curation.task_schemas import registry
from curation.task_schemas.registry import Found
from schemas.tables import Dataset


def set_task(session: Session, dataset: Dataset, reference: str | None) -> None:
    """A version of a task schema, its newest where the reference names none; nothing takes it away."""
    task = registry.get_referred(session, dataset.tenant, reference) if reference else None
    dataset.task = task.reference if task else None
    session.flush()


def task_of(session: Session, dataset: Dataset) -> Found | None:
    return registry.get_referred(session, dataset.tenant, dataset.task) if dataset.task else None

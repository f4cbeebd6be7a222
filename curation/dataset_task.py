"""Which task the outputs of a dataset are of: it says which of their values are columns, and what those are called."""

from sqlalchemy.orm import Session

from curation import columns, refilling
from curation.task_schemas import columns as task_columns
from curation.task_schemas import registry
from curation.task_schemas.columns import Column
from curation.task_schemas.registry import Found
from schemas.tables import Dataset


def set_task(session: Session, dataset: Dataset, reference: str | None) -> None:
    """A version of a task schema, its newest where the reference names none; nothing takes it away.

    Other columns need other slots: where there are examples already, `curation/refilling.py` fills them.
    """
    task = registry.get_referred(session, dataset.tenant, reference) if reference else None
    session.refresh(dataset, with_for_update=True)
    dataset.task = task.reference if task else None
    known = columns.read(dataset.columns)
    wanted = columns.anew(known, task_columns.columns_of(task.document) if task else ())
    if [one for one in wanted if one.shown_as] != [one for one in known if one.shown_as]:
        dataset.columns = columns.stored(wanted)
        if dataset.examples:
            refilling.begin(dataset)
    session.flush()


def task_of(session: Session, dataset: Dataset) -> Found | None:
    return registry.get_referred(session, dataset.tenant, dataset.task) if dataset.task else None


def rendered(session: Session, dataset: Dataset, output: str) -> list[tuple[Column, str]]:
    """What an answer says, as the task of its dataset shows it; nothing where it has none, or is no JSON."""
    task = task_of(session, dataset)
    return task_columns.rendered(task.document, output) if task else []

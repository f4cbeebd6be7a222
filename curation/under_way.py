"""What is being done to a tenant's datasets now: models that are asked, answers that come in, files that go out."""

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from curation import batch_work
from schemas.states import ExportStatus, ImportStatus
from schemas.tables import Dataset, Export, Import, Run


class Work(StrEnum):
    RUN = "run"
    IMPORT = "import"
    EXPORT = "export"


class UnderWay(NamedTuple):
    work: Work
    dataset: Dataset
    # How much of it is done, from 0 to 1.
    share: float


def read(session: Session, tenant: str, limit: int) -> list[UnderWay]:
    """Of each kind the oldest first, and so many at most."""
    return [
        *_runs(session, tenant, limit),
        *_imports(session, tenant, limit),
        *_exports(session, tenant, limit),
    ]


def _runs(session: Session, tenant: str, limit: int) -> list[UnderWay]:
    query = select(Run, Dataset).join(Dataset, Dataset.id == Run.dataset_id).where(Run.ended_at.is_(None))
    query = query.where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None)).order_by(Run.id).limit(limit)
    found = session.execute(query).all()
    progress = batch_work.progress(session, [run for run, _ in found])
    done = {its_id: one.completed + one.failed for its_id, one in progress.items()}
    return [UnderWay(Work.RUN, dataset, _share(done[run.id], run.total)) for run, dataset in found]


def _imports(session: Session, tenant: str, limit: int) -> list[UnderWay]:
    """Those of runs are a part of them."""
    query = select(Import, Dataset).join(Dataset, Dataset.id == Import.dataset_id)
    query = query.where(Import.status == ImportStatus.RUNNING, Import.run_id.is_(None))
    query = query.where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None)).order_by(Import.id).limit(limit)
    return [UnderWay(Work.IMPORT, dataset, _read_of(one)) for one, dataset in session.execute(query)]


def _exports(session: Session, tenant: str, limit: int) -> list[UnderWay]:
    query = select(Export, Dataset).join(Dataset, Dataset.id == Export.dataset_id)
    query = query.where(Export.status == ExportStatus.RUNNING)
    query = query.where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None)).order_by(Export.id).limit(limit)
    return [UnderWay(Work.EXPORT, dataset, _share(one.done, one.total)) for one, dataset in session.execute(query)]


def _read_of(one: Import) -> float:
    """Of a file nobody knows how many lines it has."""
    return _share(one.bytes_read, one.bytes) if one.file_id else _share(one.line, one.lines)


def _share(done: int, total: int) -> float:
    return min(1.0, done / total) if total else 0.0

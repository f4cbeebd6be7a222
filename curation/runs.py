"""Models run on the items of a dataset: beginning, looking and cancelling. `curation/run_parts.py` does the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, literal, select, text
from sqlalchemy.orm import Session

from curation import batch_parts, datasets
from curation.resuming import SILENT
from curation.views import View, matching
from inference import batches
from inference.models import registry
from inference.progress import Progress
from schemas import ids
from schemas.errors import Conflict, RequestInvalid, RunNotFound
from schemas.states import ImportStatus, RunStatus
from schemas.tables import Batch, Dataset, Import, Output, Run, RunItem, RunPart

BATCH_LINES: Final = 50_000
MOST_MODELS: Final = 20
WINDOW: Final = "7d"

# What a run asks: all items of its dataset, or those that were chosen.
ALL: Final = "FROM items WHERE dataset_id = :dataset_id"
CHOSEN: Final = "FROM run_items JOIN items ON number = item WHERE run_id = :run_id AND dataset_id = :dataset_id"
PARTS: Final = """
    SELECT endpoint, min(number) AS first_item, max(number) AS last_item, count(*) AS requests FROM (
        SELECT endpoint, number, (row_number() OVER (PARTITION BY endpoint ORDER BY number) - 1) / :lines AS part
        {source} AND number <= :last
    ) AS numbered GROUP BY endpoint, part ORDER BY endpoint, first_item
"""
PARTS_OF_ALL: Final = text(PARTS.format(source=ALL))
PARTS_OF_CHOSEN: Final = text(PARTS.format(source=CHOSEN))
# A batch of theirs is to be created, or has ended and its answers are to be taken in, or nothing is left to do.
DUE: Final = text("""
    SELECT id FROM runs WHERE ended_at IS NULL AND (
        advanced_at < :silent_since AND (
            status = 'cancelling'
            OR EXISTS (SELECT FROM run_parts WHERE run_id = runs.id AND batch_id IS NULL AND ended_at IS NULL)
        )
        OR EXISTS (
            SELECT FROM run_parts AS part JOIN batches ON batches.id = part.batch_id
            WHERE part.run_id = runs.id AND part.ended_at IS NULL AND batches.ended_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM imports
                WHERE imports.dataset_id = runs.dataset_id AND imports.batch_id = batches.id
                  AND imports.status = 'running'
            )
        )
        OR NOT EXISTS (SELECT FROM run_parts WHERE run_id = runs.id AND ended_at IS NULL)
    )
""")


@dataclass(frozen=True, slots=True)
class NewRun:
    models: Sequence[str]
    # What stands in place of the same in the items' own requests.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    completion_window: str = WINDOW
    # Only items with an example that this view holds; and the same view as it stands in an address.
    view: View = field(default_factory=View)
    address: Mapping[str, str] = field(default_factory=dict)


def create(session: Session, dataset: Dataset, key_id: UUID, wanted: NewRun, *, lines: int = BATCH_LINES) -> Run:
    """A run of all items that are there now, or of a view's, in batches of so many lines at most."""
    _check(session, dataset, wanted)
    run = Run(
        dataset_id=dataset.id,
        key_id=key_id,
        models=list(wanted.models),
        parameters=dict(wanted.parameters),
        completion_window=wanted.completion_window,
        total=0,
    )
    session.add(run)
    session.flush()
    if wanted.view != View():
        run.view, run.items = dict(wanted.address), _choose(session, dataset, run, wanted.view)
    found = _parts(session, dataset, run, lines)
    run.total = sum(part.requests for part in found) * len(wanted.models)
    # A model's parts follow each other, so that it is loaded once.
    each = [(model, part) for model in wanted.models for part in found]
    session.add_all(
        RunPart(run_id=run.id, number=number, model=model, **part._asdict())
        for number, (model, part) in enumerate(each)
    )
    session.flush()
    return run


def count_items(session: Session, dataset: Dataset, view: View) -> int:
    """How many items a run would ask: those that have an example which the view holds, or all there are."""
    if view == View():
        return dataset.items
    return session.scalar(select(func.count()).select_from(_items_of(dataset, view).subquery())) or 0


def _items_of(dataset: Dataset, view: View) -> Select[int]:
    return select(Output.item).where(Output.dataset_id == dataset.id, Output.id.in_(matching(dataset, view))).distinct()


def _choose(session: Session, dataset: Dataset, run: Run, view: View) -> int:
    """Settle which items it asks, whatever becomes of the view; returns how many."""
    # In the order of the index that they come into.
    chosen = _items_of(dataset, view).add_columns(literal(run.id)).order_by(Output.item)
    done = session.execute(
        insert(RunItem).from_select(["item", "run_id"], chosen), execution_options={"preserve_rowcount": True}
    )
    many = int(done.rowcount)  # type: ignore[attr-defined]
    if not many:
        raise RequestInvalid("The view holds no example: there is no item to ask.", param="view")
    return many


def _parts(session: Session, dataset: Dataset, run: Run, lines: int) -> Sequence[Row[Any]]:
    wanted: dict[str, Any] = {"dataset_id": dataset.id, "last": dataset.items, "lines": lines}
    if run.items is None:
        return session.execute(PARTS_OF_ALL, wanted).all()
    return session.execute(PARTS_OF_CHOSEN, wanted | {"run_id": run.id}).all()


def _check(session: Session, dataset: Dataset, wanted: NewRun) -> None:
    if not 0 < len(wanted.models) <= MOST_MODELS or len(set(wanted.models)) < len(wanted.models):
        raise RequestInvalid(f"`models` names 1 to {MOST_MODELS} models, each once.", param="models")
    for model in wanted.models:
        registry.get(session, model)
    batches.completion_time(wanted.completion_window)
    if not dataset.items:
        raise Conflict("The dataset has no items to ask a model.", code="no_items")
    from_files = (Import.dataset_id == dataset.id, Import.run_id.is_(None), Import.status == ImportStatus.RUNNING)
    if session.scalar(select(Import.id).where(*from_files).limit(1)) is not None:
        raise Conflict("Items are still being taken in. Wait until all are there.", code="import_running")


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Run]:
    return datasets.get_part(session, tenant, Run, ids.RUN, public_id, RunNotFound)


def of_dataset(session: Session, dataset: Dataset) -> Sequence[Run]:
    """The newest first."""
    return session.scalars(select(Run).where(Run.dataset_id == dataset.id).order_by(Run.id.desc())).all()


def parts(session: Session, runs: Sequence[Run]) -> dict[UUID, list[RunPart]]:
    """What each is made of, in order."""
    found: dict[UUID, list[RunPart]] = {run.id: [] for run in runs}
    query = select(RunPart).where(RunPart.run_id.in_(found)).order_by(RunPart.run_id, RunPart.number)
    for part in session.scalars(query):
        found[part.run_id].append(part)
    return found


def progress(session: Session, runs: Sequence[Run]) -> dict[UUID, Progress]:
    """Over all batches of each: frozen where it has ended."""
    live = [run for run in runs if run.ended_at is None]
    frozen = {run.id: Progress(run.total, run.completed, run.failed) for run in runs}
    return frozen | counted(session, live) if live else frozen


def counted(session: Session, runs: Sequence[Run]) -> dict[UUID, Progress]:
    """As their batches have it now."""
    query = select(RunPart.run_id, Batch).join(Batch, Batch.id == RunPart.batch_id)
    found = session.execute(query.where(RunPart.run_id.in_([run.id for run in runs]))).all()
    return batch_parts.counted(session, {run.id: run.total for run in runs}, found)


def taken_in(session: Session, runs: Sequence[Run]) -> dict[UUID, int]:
    """How many answers of each are examples by now."""
    query = select(Import.run_id, func.sum(Import.imported)).where(Import.run_id.in_([run.id for run in runs]))
    return {run_id: int(total) for run_id, total in session.execute(query.group_by(Import.run_id)) if run_id}


def cancel(session: Session, tenant: str, public_id: str) -> Run:
    """Stop a run. What is answered by then is taken in all the same."""
    _, run = get(session, tenant, public_id)
    session.refresh(run, with_for_update=True)
    if run.ended_at is None:
        run.status = RunStatus.CANCELLING
    elif run.status != RunStatus.CANCELLED:
        raise Conflict(f"Cannot cancel a run with status '{run.status}'.", code="invalid_status")
    session.flush()
    return run


def due(session: Session, moment: datetime) -> list[UUID]:
    """Those for which there is something to do that nobody seems to be at."""
    return list(session.scalars(DUE, {"silent_since": moment - SILENT}))

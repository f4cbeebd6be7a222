"""Models run on the items of a dataset: beginning and finding runs. `curation/run_parts.py` does the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, literal, select, text
from sqlalchemy.orm import Session

from curation import datasets
from curation.batch_work import BATCH_LINES, WINDOW, lines_allowed
from curation.views import View, matching
from inference import batches
from inference.models import registry
from schemas import ids
from schemas.errors import Conflict, RequestInvalid, RunNotFound
from schemas.states import ImportStatus
from schemas.tables import Dataset, Import, Output, Run, RunItem, RunPart

MOST_MODELS: Final = 20

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
    found = _parts(session, dataset, run, lines_allowed(session, key_id, lines))
    run.total = sum(part.requests for part in found) * len(wanted.models)
    # A model's parts follow each other, so that it is loaded once.
    each = [(model, part) for model in wanted.models for part in found]
    run.parts = [RunPart(number=number, model=model, **part._asdict()) for number, (model, part) in enumerate(each)]
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


def taken_in(session: Session, runs: Sequence[Run]) -> dict[UUID, int]:
    """How many answers of each are examples by now."""
    query = select(Import.run_id, func.sum(Import.imported)).where(Import.run_id.in_([run.id for run in runs]))
    return {run_id: int(total) for run_id, total in session.execute(query.group_by(Import.run_id)) if run_id}

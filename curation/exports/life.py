"""The life of an export: asked for, repeated, listed and deleted."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curation import datasets, kept_views, table
from curation.exports.options import Options
from curation.formats.table import format_named
from curation.views import View
from inference import files
from inference.paging import Page, newest_page
from schemas import ids
from schemas.errors import ExportNotFound, FileNotFound
from schemas.ids import new_id
from schemas.tables import Dataset, Export, File


def begin(
    session: Session,
    dataset: Dataset,
    key_id: UUID,
    *,
    address: Mapping[str, str],
    view: View,
    format_name: str,
    options: Options,
) -> Export:
    """An export of what a view holds; `address` is the view as its asker wrote it."""
    format_named(format_name)
    filters = options.narrowed(view)
    export_id = new_id()
    export = Export(
        id=export_id,
        first_id=export_id,
        tenant=dataset.tenant,
        dataset_id=dataset.id,
        key_id=key_id,
        format=format_name,
        view=dict(address),
        filters=kept_views.kept(filters),
        options=options.shown,
        total=table.count_all(session, dataset, filters),
    )
    session.add(export)
    session.flush()
    return export


def repeat(session: Session, tenant: str, public_id: str, key_id: UUID) -> Export:
    """The same of the examples as they are now, as the next version. Where none has changed, the file is the same."""
    before = get(session, tenant, public_id)
    dataset = datasets.get(session, tenant, ids.show(ids.DATASET, before.dataset_id))
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(before.first_id.hex, 0))))
    latest = session.scalar(select(func.max(Export.version)).where(Export.first_id == before.first_id))
    same = ("tenant", "dataset_id", "first_id", "format", "view", "filters", "options")
    export = Export(
        **{name: getattr(before, name) for name in same},
        key_id=key_id,
        version=(latest or 0) + 1,
        total=table.count_all(session, dataset, filters_of(before)),
    )
    session.add(export)
    session.flush()
    return export


def get(session: Session, tenant: str, public_id: str) -> Export:
    export = session.get(Export, ids.parse(ids.EXPORT, public_id, ExportNotFound))
    if export is None or export.tenant != tenant:
        raise ExportNotFound(public_id)
    return export


def list_page(session: Session, tenant: str, dataset: Dataset | None, after: str | None, limit: int) -> Page[Export]:
    found = select(Export).where(Export.tenant == tenant)
    if dataset is not None:
        found = found.where(Export.dataset_id == dataset.id)
    return newest_page(session, found, Export.id, ids.EXPORT, after, limit)


def delete(session: Session, tenant: str, public_id: str) -> tuple[Export, File | None]:
    """With its file, whose content goes with `files.remove_content` after the commit. One that runs ends soon."""
    export = get(session, tenant, public_id)
    file = None
    if export.file_id is not None:
        # Whoever has deleted the file already wanted just that.
        with suppress(FileNotFound):
            file = files.delete(session, tenant, ids.show(ids.FILE, export.file_id))
    session.delete(export)
    session.flush()
    return export, file


def files_of(session: Session, exports: Sequence[Export]) -> Mapping[UUID, File]:
    """The files of exports, by their ids, as far as nobody has deleted them."""
    wanted = [export.file_id for export in exports if export.file_id is not None]
    found = session.scalars(select(File).where(File.id.in_(wanted), File.deleted_at.is_(None)))
    return {file.id: file for file in found}


def filters_of(export: Export) -> View:
    return kept_views.read(export.filters)

"""Exports that are begun and written, and what has come of them."""

from pathlib import Path
from typing import Any
from uuid import UUID

from curation.exports import life, writer
from curation.exports.options import Options
from curation.views import View
from inference import files
from schemas import ids
from schemas.database import session_scope
from schemas.settings import settings
from schemas.states import ExportStatus
from schemas.tables import Dataset, Export, File
from tests.integration.curation.changing import ALL


def begin(dataset: Dataset, key_id: UUID, name: str = "chat", view: View = ALL, **options: Any) -> Export:
    with session_scope() as session:
        return life.begin(session, dataset, key_id, address={}, view=view, format_name=name, options=Options(**options))


def export(dataset: Dataset, key_id: UUID, name: str = "chat", view: View = ALL, **options: Any) -> Export:
    return written(begin(dataset, key_id, name, view, **options))


def repeated(before: Export, key_id: UUID) -> Export:
    with session_scope() as session:
        again = life.repeat(session, before.tenant, ids.show(ids.EXPORT, before.id), key_id)
    return written(again)


def written(begun: Export) -> Export:
    writer.run(session_scope, begun.id)
    return now_of(begun)


def now_of(known: Export) -> Export:
    with session_scope() as session:
        return session.get_one(Export, known.id)


def content(done: Export) -> bytes:
    assert done.status == ExportStatus.DONE, done.problem
    with session_scope() as session, files.open_content(session.get_one(File, done.file_id)) as stream:
        return stream.read()


def manifest(done: Export) -> dict[str, Any]:
    assert done.manifest
    return done.manifest


def stored() -> list[Path]:
    return list(Path(settings().file_store_url, "output").glob("*file-*"))

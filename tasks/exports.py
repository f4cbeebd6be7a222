"""Writing exports, as Celery sees it."""

from uuid import UUID

from curation.exports import writer
from schemas.database import session_scope
from tasks.app import app


@app.task(name="exports.write")
def write_export(export_id: str) -> None:
    """Write an export's file, from its beginning."""
    writer.run(session_scope, UUID(export_id))

"""Taking answers into datasets, as Celery sees it."""

from uuid import UUID

from curation import imports
from schemas.database import session_scope
from tasks.app import app


@app.task(name="curation.import")
def import_batch(import_id: str) -> None:
    """Take a batch's answers into a dataset, or go on doing so."""
    imports.run(session_scope, UUID(import_id))

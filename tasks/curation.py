"""What takes a while in the workbench, as Celery sees it."""

from uuid import UUID

from curation import imports, scoring
from schemas.database import session_scope
from tasks.app import app


@app.task(name="curation.import")
def import_batch(import_id: str) -> None:
    """Take a batch's answers into a dataset, or go on doing so."""
    imports.run(session_scope, UUID(import_id))


@app.task(name="curation.score")
def score(scoring_id: str) -> None:
    """Have a scorer go through a dataset, or go on doing so."""
    scoring.run(session_scope, UUID(scoring_id))

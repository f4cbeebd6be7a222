"""Answers as models might have given them, put into a dataset without a batch."""

import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from curation import arrivals, datasets, scoring_pages
from curation.arrivals import Arrival
from schemas.database import session_scope
from schemas.states import ScoringStatus
from schemas.tables import Dataset, Scoring

ASKED = {"messages": [{"role": "user", "content": "Is this candidate a fit?"}]}


def dataset_of(session: Session, **answers: Sequence[str]) -> Dataset:
    """By the names of models; the first answer of each is to the first item."""
    made = datasets.create(session, "acme", "Evaluations")
    for model, said in answers.items():
        add(session, made, model, said)
    return made


def add(session: Session, dataset: Dataset, model: str, said: Sequence[str]) -> None:
    """Beyond the items that are there, each answer brings its own."""
    there = dataset.items
    asked = json.dumps(ASKED)
    rows = [
        Arrival(
            line=n,
            custom_id=f"c-{n}",
            endpoint="/v1/chat/completions",
            request=asked,
            asked="Is this candidate a fit?",
            output=one,
            model=model,
            item=n if n <= there else None,
        )
        for n, one in enumerate(said, 1)
    ]
    arrivals.write(session, dataset, None, rows)


def run_scorings() -> None:
    """All that wait for a worker."""
    with session_scope() as session:
        waiting = session.scalars(select(Scoring.id).where(Scoring.status == ScoringStatus.RUNNING)).all()
    for scoring_id in waiting:
        scoring_pages.run(session_scope, scoring_id)

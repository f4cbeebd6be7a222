"""Answers as models might have given them, put into a dataset without a batch."""

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import arrivals, datasets
from curation.arrivals import Arrival
from schemas.tables import Dataset

ASKED = {"messages": [{"role": "user", "content": "Is this candidate a fit?"}]}


def dataset_of(session: Session, **answers: Sequence[str]) -> Dataset:
    """By the names of models; the first answer of each is to the first item."""
    made = datasets.create(session, "acme", "Evaluations")
    for model, said in answers.items():
        add(session, made, model, said)
    return made


def add(session: Session, dataset: Dataset, model: str, said: Sequence[str]) -> None:
    first = dataset.next_item
    asked = json.dumps(ASKED)
    rows = [Arrival(n, f"c-{n}", asked, "Is this candidate a fit?", one, model) for n, one in enumerate(said, 1)]
    arrivals.write(session, dataset, None, rows)
    if first > 1:
        # These items are there already.
        session.execute(text("DELETE FROM items WHERE number >= :first"), {"first": first})
        session.execute(text("UPDATE outputs SET item = item - :first + 1 WHERE item >= :first"), {"first": first})
        dataset.next_item = first

"""What comes into a dataset, written as items, outputs, what they are filtered by, and examples, each by COPY."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from curation import columns
from curation.columns import ALL_SLOTS, slots_of
from curation.wording import Scalar, fields_of
from schemas.database import copy_row, copy_rows
from schemas.ids import new_id
from schemas.states import ExampleStatus
from schemas.tables import Dataset
from schemas.tables.base import now

COPY_ITEMS: Final = "COPY items (dataset_id, number, custom_id, request, endpoint, details) FROM STDIN"
COPY_OUTPUTS: Final = "COPY outputs (id, dataset_id, item, model, asked, output, fields, batch_id, line) FROM STDIN"
COPY_FACETS: Final = f"COPY facets (id, dataset_id, {', '.join(ALL_SLOTS)}) FROM STDIN"
COPY_EXAMPLES: Final = (
    "COPY examples (id, dataset_id, model, status, gold, tags, notes, created_at, updated_at, version) FROM STDIN"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something asked, and what a model said to it, if anybody has asked one."""

    line: int
    custom_id: str
    endpoint: str
    # As JSON.
    request: str
    asked: str
    output: str | None
    model: str
    # As JSON.
    details: str = "{}"
    # Where the dataset has asked this itself: the number of its item.
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    id: UUID
    number: int
    arrival: Arrival
    fields: Mapping[str, Scalar]


def write(session: Session, dataset: Dataset, batch_id: UUID | None, arrivals: Sequence[Arrival]) -> None:
    numbered = _numbered(dataset, arrivals)
    answered = [
        Answered(new_id(), number, one, fields_of(one.output)) for number, one in numbered if one.output is not None
    ]
    known = columns.grown(columns.read(dataset.columns), (one.fields for one in answered))
    dataset.columns = columns.stored(known)
    dataset.examples += len(answered)
    dataset.needs_review += len(answered)
    session.flush()
    copy_rows(session, COPY_ITEMS, (_item(dataset.id, number, one) for number, one in numbered if one.item is None))
    copy_rows(session, COPY_OUTPUTS, (_output(dataset.id, batch_id, one) for one in answered))
    copy_rows(session, COPY_FACETS, (_facets(dataset.id, slots_of(known, one.fields), one) for one in answered))
    moment = now().isoformat()
    copy_rows(session, COPY_EXAMPLES, (_example(dataset.id, moment, one) for one in answered))


def _numbered(dataset: Dataset, arrivals: Sequence[Arrival]) -> Sequence[tuple[int, Arrival]]:
    """Each with the number of its item: the next one, unless it has one."""
    return list(_numbers(dataset, arrivals))


def _numbers(dataset: Dataset, arrivals: Sequence[Arrival]) -> Iterator[tuple[int, Arrival]]:
    for arrival in arrivals:
        if arrival.item is not None:
            yield arrival.item, arrival
        else:
            yield dataset.next_item, arrival
            dataset.next_item += 1


def _item(dataset_id: UUID, number: int, arrival: Arrival) -> bytes:
    return copy_row(dataset_id, number, arrival.custom_id, arrival.request, arrival.endpoint, arrival.details)


def _output(dataset_id: UUID, batch_id: UUID | None, answered: Answered) -> bytes:
    one, fields = answered.arrival, orjson.dumps(answered.fields).decode()
    said = (one.model, one.asked, one.output, fields)
    return copy_row(answered.id, dataset_id, answered.number, *said, batch_id, one.line)


def _facets(dataset_id: UUID, slots: Mapping[str, object], answered: Answered) -> bytes:
    return copy_row(answered.id, dataset_id, *map(slots.get, ALL_SLOTS))


def _example(dataset_id: UUID, moment: str, answered: Answered) -> bytes:
    status = ExampleStatus.NEEDS_REVIEW
    return copy_row(answered.id, dataset_id, answered.arrival.model, status, "f", "{}", "", moment, moment, 1)

"""Snapshots: the examples of a view as they were at a moment, whatever becomes of them.

Their ids and versions are kept, and every change of an example is kept anyway: what it was like is what it is like now,
with all later changes taken back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import insert, literal, select, text
from sqlalchemy.orm import Session

from curation import datasets, naming
from curation.chats import conversation, question_of
from curation.views import View, matching, texts, that_fit
from curation.wanted import CHANGEABLE
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import SnapshotNotFound
from schemas.tables import Change, Dataset, Example, Item, Output, Snapshot, SnapshotExample

AT_ONCE: Final = 200
DIGEST: Final = text("""
    SELECT count(*), encode(sha256(convert_to(coalesce(
        string_agg(example_id || ' ' || version, E'\n' ORDER BY example_id), ''), 'UTF8')), 'hex')
    FROM snapshot_examples WHERE snapshot_id = :snapshot_id
""")


@dataclass(frozen=True, slots=True)
class Frozen:
    """An example as it was."""

    example_id: UUID
    version: int
    output: Output
    item: Item
    # By the names of `CHANGEABLE`.
    values: Mapping[str, Any]

    @property
    def said(self) -> str:
        edited: str | None = self.values["edited_output"]
        return self.output.output if edited is None else edited


def create(
    session: Session, dataset: Dataset, key_id: UUID, name: str, view: View, address: Mapping[str, str]
) -> Snapshot:
    """Keep what a view holds now. The address is the view as people write it."""
    snapshot = Snapshot(dataset_id=dataset.id, key_id=key_id, name=naming.checked(name, "snapshot"), view=dict(address))
    session.add(snapshot)
    session.flush()
    held = select(literal(snapshot.id), Example.id, Example.version).where(
        Example.dataset_id == dataset.id, Example.id.in_(matching(dataset, view))
    )
    session.execute(insert(SnapshotExample).from_select(["snapshot_id", "example_id", "version"], held))
    snapshot.examples, snapshot.digest = session.execute(DIGEST, {"snapshot_id": snapshot.id}).one()
    session.flush()
    return snapshot


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Snapshot]:
    return datasets.get_part(session, tenant, Snapshot, ids.SNAPSHOT, public_id, SnapshotNotFound)


def examples(open_session: OpenSession, snapshot_id: UUID, *, at_once: int = AT_ONCE) -> Iterator[Frozen]:
    """Its examples as they were, in the order in which they came, a page in memory at a time."""
    after = UUID(int=0)
    while True:
        with open_session() as session:
            page = _page(session, snapshot_id, after, at_once)
        if not page:
            return
        yield from page
        after = page[-1].example_id


def chat_lines(open_session: OpenSession, snapshot_id: UUID) -> Iterator[bytes]:
    """Lines to fine-tune on, with what stood for the answers then."""
    for one in examples(open_session, snapshot_id):
        chat = conversation(question_of(orjson.loads(one.item.request)), one.said)
        yield orjson.dumps(chat, option=orjson.OPT_APPEND_NEWLINE)


def _page(session: Session, snapshot_id: UUID, after: UUID, at_once: int) -> list[Frozen]:
    kept_ones = (SnapshotExample.snapshot_id == snapshot_id, SnapshotExample.example_id > after)
    next_ones = select(SnapshotExample.example_id).where(*kept_ones).order_by(SnapshotExample.example_id).limit(at_once)
    query = (
        select(Example, SnapshotExample.version)
        .join(SnapshotExample, SnapshotExample.example_id == Example.id)
        .where(SnapshotExample.snapshot_id == snapshot_id, Example.id.in_(that_fit(next_ones)))
        .order_by(Example.id)
    )
    kept = session.execute(query).all()
    said = texts(session, [example.id for example, _ in kept])
    before = _taken_back(session, {example.id: version for example, version in kept})
    return [
        Frozen(
            example.id,
            version,
            *said[example.id],
            {name: getattr(example, name) for name in CHANGEABLE} | before.get(example.id, {}),
        )
        for example, version in kept
    ]


def _taken_back(session: Session, versions: Mapping[UUID, int]) -> dict[UUID, dict[str, Any]]:
    """What has changed since these versions, as it was before."""
    query = select(Change).where(Change.example_id.in_(versions)).order_by(Change.example_id, Change.version.desc())
    before: dict[UUID, dict[str, Any]] = {}
    for change in session.scalars(query):
        if change.version > versions[change.example_id]:
            before.setdefault(change.example_id, {}).update(change.before)
    return before

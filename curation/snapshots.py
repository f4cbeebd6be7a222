"""Snapshots: the examples of a view as they were at a moment, whatever becomes of them.

Their ids and versions are kept, and every change of an example is kept anyway: what it was like is what it is like now,
with all later changes taken back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import insert, literal, select, text
from sqlalchemy.orm import Session

from curation.chats import conversation
from curation.views import View, matching, texts
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import RequestInvalid, SnapshotNotFound
from schemas.tables import Change, Dataset, Example, Item, Output, Snapshot, SnapshotExample

LONGEST_NAME: Final = 200
AT_ONCE: Final = 200
# All that people can change about an example.
CHANGEABLE: Final = ("status", "gold", "score", "category", "tags", "notes", "edited_output")
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
    if not name.strip() or len(name) > LONGEST_NAME:
        raise RequestInvalid(f"A snapshot's name has 1 to {LONGEST_NAME} characters.", param="name")
    snapshot = Snapshot(dataset_id=dataset.id, key_id=key_id, name=name.strip(), view=dict(address))
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
    query = (
        select(Dataset, Snapshot)
        .join(Snapshot, Snapshot.dataset_id == Dataset.id)
        .where(Snapshot.id == ids.parse(ids.SNAPSHOT, public_id, SnapshotNotFound))
        .where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise SnapshotNotFound(public_id)
    return found


def of_dataset(session: Session, dataset: Dataset) -> Sequence[Snapshot]:
    """The newest first."""
    query = select(Snapshot).where(Snapshot.dataset_id == dataset.id).order_by(Snapshot.id.desc())
    return session.scalars(query).all()


def examples(open_session: OpenSession, snapshot_id: UUID) -> Iterator[Frozen]:
    """Its examples as they were, in the order in which they came, a page in memory at a time."""
    after = UUID(int=0)
    while True:
        with open_session() as session:
            page = _page(session, snapshot_id, after)
        if not page:
            return
        yield from page
        after = page[-1].example_id


def chat_lines(open_session: OpenSession, snapshot_id: UUID) -> Iterator[bytes]:
    """Lines to fine-tune on, with what stood for the answers then."""
    for one in examples(open_session, snapshot_id):
        chat = conversation(orjson.loads(one.item.request), one.said)
        yield orjson.dumps(chat, option=orjson.OPT_APPEND_NEWLINE)


def _page(session: Session, snapshot_id: UUID, after: UUID) -> list[Frozen]:
    query = (
        select(Example, SnapshotExample.version)
        .join(SnapshotExample, SnapshotExample.example_id == Example.id)
        .where(SnapshotExample.snapshot_id == snapshot_id, Example.id > after)
        .order_by(Example.id)
    )
    kept = session.execute(query.limit(AT_ONCE)).all()
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

"""Snapshots: the examples of a view as they were at a moment, whatever becomes of them.

Their ids and versions are kept, and every change of an example is kept anyway: what it was like is what it is like now,
with all later changes taken back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, literal, select, text
from sqlalchemy.orm import Session

from curation import datasets, naming
from curation.exports.reading import AT_ONCE, learned, texts_of
from curation.formats.learned import Learned
from curation.views import View, matching
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import SnapshotNotFound
from schemas.tables import Change, Dataset, Example, Snapshot, SnapshotExample

DIGEST: Final = text("""
    SELECT count(*), encode(sha256(convert_to(coalesce(
        string_agg(example_id || ' ' || version, E'\n' ORDER BY example_id), ''), 'UTF8')), 'hex')
    FROM snapshot_examples WHERE snapshot_id = :snapshot_id
""")


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


def pages(open_session: OpenSession, snapshot_id: UUID, at_once: int = AT_ONCE) -> Iterator[Sequence[Learned]]:
    """Its examples as they were, in the order in which they came."""
    after = UUID(int=0)
    while True:
        with open_session() as session:
            page = _page(session, snapshot_id, after, at_once)
        if not page:
            return
        yield page
        after = page[-1].id


def _page(session: Session, snapshot_id: UUID, after: UUID, at_once: int) -> Sequence[Learned]:
    kept = (
        select(SnapshotExample.example_id, SnapshotExample.version)
        .where(SnapshotExample.snapshot_id == snapshot_id, SnapshotExample.example_id > after)
        .order_by(SnapshotExample.example_id)
        .limit(at_once)
    )
    versions = {example_id: version for example_id, version in session.execute(kept)}
    found = [learned(row) for row in session.execute(texts_of(select(Example.id).where(Example.id.in_(versions))))]
    before = _taken_back(session, {one.id: versions[one.id] for one in found})
    return [replace(one, version=versions[one.id], **before.get(one.id, {})) for one in found]


def _taken_back(session: Session, versions: Mapping[UUID, int]) -> dict[UUID, dict[str, Any]]:
    """What has changed since these versions, as it was before."""
    query = select(Change).where(Change.example_id.in_(versions)).order_by(Change.example_id, Change.version.desc())
    before: dict[UUID, dict[str, Any]] = {}
    for change in session.scalars(query):
        if change.version > versions[change.example_id]:
            before.setdefault(change.example_id, {}).update(change.before)
    return before

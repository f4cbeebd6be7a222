"""What a reviewer makes of the examples of a view, or of some of them."""

from collections.abc import Sequence
from uuid import UUID

from curation import changes, wanted
from curation.views import View, matching
from schemas.database import session_scope
from schemas.tables import ChangeSet, Dataset, Example

ALL = View()


def change(
    dataset: Dataset, key_id: UUID, view: View = ALL, only: Sequence[UUID] | None = None, **given: object
) -> ChangeSet | None:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        held = matching(mine, view)
        held = held if only is None else held.where(Example.id.in_(only))
        return changes.change(session, mine, key_id, wanted.read(given), held)

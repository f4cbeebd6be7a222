"""A view of one side of a split: what a model may learn from, and what it is measured on."""

from uuid import UUID

import pytest
from sqlalchemy import update

from curation import changes, facets, splits, table, views, wanted
from curation.splits import NewSplit
from curation.views import View
from schemas.database import session_scope
from schemas.errors import Conflict, SplitNotFound
from schemas.ids import new_id
from schemas.states import Side, SplitStatus
from schemas.tables import Dataset, Split, SplitItem
from tests.integration.curation.answers import dataset_of

pytestmark = pytest.mark.usefixtures("database_url")


def split_of(dataset: Dataset, key_id: UUID, **sides: list[int]) -> UUID:
    """With these items on these sides."""
    with session_scope() as session:
        split = splits.create(session, session.get_one(Dataset, dataset.id), key_id, NewSplit("First", {"train": 1}))
        split.status = SplitStatus.DONE
        session.add_all(
            SplitItem(split_id=split.id, item=item, together=item, side=side)
            for side, items in sides.items()
            for item in items
        )
        return split.id


@pytest.fixture
def dataset() -> Dataset:
    """Four items, the first two of which a second model has answered too."""
    with session_scope() as session:
        return dataset_of(session, large=["one", "two", "three", "four"], small=["one", "two"])


@pytest.fixture
def split(dataset: Dataset, reviewer: UUID) -> UUID:
    return split_of(dataset, reviewer, train=[1, 4], test=[2])


def found(dataset: Dataset, view: View) -> list[tuple[str, int]]:
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        page = table.page(session, kept, view, "oldest", None, 50)
        assert table.count_all(session, kept, view) == len(page.rows)
        return [(row.example.model, row.item) for row in page.rows]


def test_a_view_holds_all_answers_to_the_items_on_a_side(dataset: Dataset, split: UUID) -> None:
    assert found(dataset, View(split=split, side=Side.TRAIN)) == [("large", 1), ("large", 4), ("small", 1)]
    assert found(dataset, View(split=split, side=Side.TEST)) == [("large", 2), ("small", 2)]
    assert found(dataset, View(split=split, side=Side.SEARCH)) == []
    # The third item is on none: it came later.
    assert len(found(dataset, View(split=split))) == 5


def test_a_side_goes_with_other_filters(dataset: Dataset, split: UUID) -> None:
    assert found(dataset, View(split=split, side=Side.TRAIN, model="small")) == [("small", 1)]
    assert found(dataset, View(split=split, side=Side.TRAIN, search="four")) == [("large", 4)]
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        summary = facets.summed_up(session, kept, View(split=split, side=Side.TRAIN))
        (models,) = [facet for facet in summary if facet.name == "model"]
        assert [(bar.label, bar.count) for bar in models.bars] == [("large", 2), ("small", 1)]


def test_all_on_a_side_are_changed_at_once(dataset: Dataset, split: UUID, reviewer: UUID) -> None:
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        held = views.matching(kept, View(split=split, side=Side.TEST))
        done = changes.change(session, kept, reviewer, wanted.read({"gold": True}), held)
        assert done is not None
        assert done.examples == 2
    assert found(dataset, View(gold=True)) == [("large", 2), ("small", 2)]


def test_a_split_that_is_none_of_this_dataset_is_not_found(dataset: Dataset, split: UUID, reviewer: UUID) -> None:
    with session_scope() as session:
        other = dataset_of(session, large=["one", "two"])
    foreign = split_of(other, reviewer, train=[1, 2])
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        assert views.check(session, kept, View(split=split)) == View(split=split)
        for wrong in (foreign, new_id()):
            with pytest.raises(SplitNotFound):
                views.check(session, kept, View(split=wrong))
    # Nobody who forgets to check finds anything either.
    assert found(dataset, View(split=foreign, side=Side.TRAIN)) == []


def test_a_split_that_is_being_made_has_no_sides_yet(dataset: Dataset, split: UUID) -> None:
    with session_scope() as session:
        session.execute(update(Split).values(status=SplitStatus.RUNNING))
        with pytest.raises(Conflict, match="still being made"):
            views.check(session, session.get_one(Dataset, dataset.id), View(split=split))

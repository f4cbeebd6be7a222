"""Items are split, and what belongs together stays on one side."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from curation import resuming, split_making, splits
from curation.splits import NewSplit
from schemas.database import session_scope
from schemas.errors import Conflict, RequestInvalid, SplitLeaks
from schemas.states import Side, SplitStatus
from schemas.tables import Dataset, ItemSignature, Split, SplitItem
from schemas.tables.base import now
from tests.integration.curation.runs import new_dataset, upload
from tests.integration.inference.batch_fixtures import as_jsonl

pytestmark = pytest.mark.usefixtures("database_url")
SHARES = {"train": 0.6, "search": 0.2, "test": 0.2}
LONG = "Ada Oslo nurse ward shift night budget records release patient team decline hire strong weak handbook french"


def dataset_of(lines: list[dict[str, object]]) -> Dataset:
    dataset = new_dataset()
    upload(dataset, as_jsonl(lines))
    return dataset


def begin(dataset: Dataset, key_id: UUID, seed: int = 1, **wanted: object) -> UUID:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        new = NewSplit("First", SHARES, seed, **wanted)  # type: ignore[arg-type]
        return splits.create(session, mine, key_id, new).id


def make(dataset: Dataset, key_id: UUID, seed: int = 1) -> UUID:
    split_id = begin(dataset, key_id, seed)
    split_making.run(session_scope, split_id)
    return split_id


def sides_of(split_id: UUID) -> dict[int, str]:
    with session_scope() as session:
        query = select(SplitItem.item, SplitItem.side).where(SplitItem.split_id == split_id)
        return {item: side for item, side in session.execute(query)}


def get(split_id: UUID) -> Split:
    with session_scope() as session:
        return session.get_one(Split, split_id)


def test_every_item_is_on_one_side_and_the_sides_have_their_shares(reviewer: UUID) -> None:
    dataset = dataset_of([{"prompt": f"{n} {n * 7} {n * 13} apples?"} for n in range(50)])
    split_id = make(dataset, reviewer)
    with session_scope() as session:
        split = session.get_one(Split, split_id)
        assert split.counts == {"train": 30, "search": 10, "test": 10}
        splits.check(session, split)
        assert session.scalar(select(func.count()).select_from(ItemSignature)) == 0
        train = splits.items_page(session, split, Side.TRAIN, 0, 20)
        rest = splits.items_page(session, split, Side.TRAIN, train.items[-1], 20)
    assert (split.status, split.groups, split.largest_group) == (SplitStatus.DONE, 50, 1)
    assert (train.has_more, rest.has_more) == (True, False)
    assert [*train.items, *rest.items] == sorted(n for n, side in sides_of(split_id).items() if side == "train")


def test_the_seed_decides_and_the_same_one_decides_the_same(reviewer: UUID) -> None:
    dataset = dataset_of([{"prompt": f"{n} {n * 7} {n * 13} apples?"} for n in range(50)])
    one, same, other = (sides_of(make(dataset, reviewer, seed)) for seed in (1, 1, 2))
    assert one == same != other


def test_near_duplicates_conversations_and_custom_ids_of_one_group_stay_together(reviewer: UUID) -> None:
    turn = {"role": "user", "content": "Hello there?"}
    told = {"role": "assistant", "content": "Hi."}
    together = [
        {"prompt": LONG},
        {"prompt": f"{LONG} indeed"},
        {"messages": [turn]},
        {"messages": [turn, told, {"role": "user", "content": "And what of the rest of them?"}]},
        {"custom_id": "c-7/strengths", "prompt": "What is strong?"},
        {"custom_id": "c-7/risks", "prompt": "Which risks are there?"},
    ]
    others = [{"prompt": f"{n} {n * 7} {n * 13} apples?"} for n in range(40)]
    dataset = dataset_of([*together, *others])
    for seed in range(3):
        split_id = make(dataset, reviewer, seed)
        sides = sides_of(split_id)
        assert (sides[1], sides[3], sides[5]) == (sides[2], sides[4], sides[6])
        assert (get(split_id).groups, get(split_id).largest_group) == (43, 2)


def test_what_is_moved_by_hand_so_that_it_leaks_is_named(reviewer: UUID) -> None:
    dataset = dataset_of([{"prompt": LONG}, {"prompt": f"{LONG} indeed"}, {"prompt": "Something else?"}])
    split_id = make(dataset, reviewer)
    side = sides_of(split_id)[1]
    other = Side.TEST if side != Side.TEST else Side.TRAIN
    with session_scope() as session:
        assert splits.move(session, session.get_one(Split, split_id), [2, 3], other) >= 1
    with session_scope() as session, pytest.raises(SplitLeaks) as leaks:
        splits.check(session, session.get_one(Split, split_id))
    assert leaks.value.pairs == [(1, side, 2, other)]
    on = list(sides_of(split_id).values())
    assert get(split_id).counts == {name: on.count(name) for name in Side}
    assert f"1 ({side}) and 2 ({other})" in leaks.value.message
    with session_scope() as session:
        assert splits.move(session, session.get_one(Split, split_id), [1], other) == 1
        splits.check(session, session.get_one(Split, split_id))
    with session_scope() as session, pytest.raises(RequestInvalid):
        splits.move(session, session.get_one(Split, split_id), [1, 4], other)


def test_a_split_that_ends_midway_goes_on_where_it_was(reviewer: UUID) -> None:
    dataset = dataset_of([{"prompt": f"{n} {n * 7} {n * 13} apples?"} for n in range(10)])
    whole = sides_of(make(dataset, reviewer))
    split_id = begin(dataset, reviewer)
    with session_scope() as session:
        template = split_making.common_words(session, session.get_one(Split, split_id))
        assert split_making.advance(session, split_id, template, rows=4)
    with session_scope() as session:
        assert session.get_one(Split, split_id).item == 4
        assert resuming.left_undone(session, Split, now()) == []
        assert resuming.left_undone(session, Split, now() + timedelta(minutes=1)) == [split_id]
        with pytest.raises(Conflict):
            splits.check(session, session.get_one(Split, split_id))
    split_making.run(session_scope, split_id)
    split_making.run(session_scope, split_id)
    assert sides_of(split_id) == whole


@pytest.mark.parametrize(
    ("shares", "more"),
    [
        ({"train": 0.5, "test": 0.4}, {}),
        ({"train": 1.5, "test": -0.5}, {}),
        ({"train": 0.5, "exam": 0.5}, {}),
        ({"train": float("nan"), "test": 1}, {}),
        (SHARES, {"similarity": 0.2}),
        (SHARES, {"seed": -1}),
        (SHARES, {"name": " "}),
    ],
)
def test_a_split_that_means_nothing_is_refused(
    reviewer: UUID, shares: dict[str, float], more: dict[str, object]
) -> None:
    dataset = dataset_of([{"prompt": "x"}])
    wanted = NewSplit(**({"name": "First", "shares": shares} | more))  # type: ignore[arg-type]
    with session_scope() as session, pytest.raises(RequestInvalid):
        splits.create(session, session.get_one(Dataset, dataset.id), reviewer, wanted)


def test_a_dataset_without_items_is_not_split(reviewer: UUID) -> None:
    with pytest.raises(Conflict):
        begin(new_dataset(), reviewer)

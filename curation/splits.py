"""Splits of a dataset's items: making, looking, moving items by hand, and making sure that nothing leaks.

`curation/split_making.py` does the work.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from curation import datasets, naming
from inference.paging import Page, page_of
from schemas import ids
from schemas.errors import Conflict, RequestInvalid, SplitLeaks, SplitNotFound
from schemas.states import Side, SplitStatus
from schemas.tables import Dataset, Split, SplitItem

SHARES: Final[Mapping[str, float]] = {Side.TRAIN: 0.8, Side.SEARCH: 0.1, Side.TEST: 0.1}
SIMILARITY: Final = 0.8
LARGEST_SEED: Final = 2**53
MOST_PAIRS: Final = 100
MOST_MOVED: Final = 10_000

# Of each group that is on several sides, the first item on each.
LEAKS: Final = text("""
    SELECT together, side, min(item) AS item FROM split_items WHERE split_id = :split_id AND together IN (
        SELECT together FROM split_items WHERE split_id = :split_id
        GROUP BY together HAVING min(side) <> max(side) ORDER BY together LIMIT :most
    ) GROUP BY together, side ORDER BY together, item
""")


@dataclass(frozen=True, slots=True)
class NewSplit:
    name: str
    # By the name of the side.
    shares: Mapping[str, float]
    seed: int = 0
    similarity: float = SIMILARITY


def create(session: Session, dataset: Dataset, key_id: UUID, wanted: NewSplit) -> Split:
    """A split of all items that are there now. A task makes it."""
    if not 0 <= wanted.seed <= LARGEST_SEED:
        raise RequestInvalid(f"A seed is a whole number from 0 to {LARGEST_SEED}.", param="seed")
    if not 0.5 <= wanted.similarity <= 1:
        raise RequestInvalid("Near-duplicates are from 0.5 to 1 similar.", param="similarity")
    if not dataset.items:
        raise Conflict("The dataset has no items to split.", code="no_items")
    split = Split(
        dataset_id=dataset.id,
        key_id=key_id,
        name=naming.checked(wanted.name, "split"),
        seed=wanted.seed,
        shares=_checked(wanted.shares),
        similarity=wanted.similarity,
        items=dataset.items,
    )
    session.add(split)
    session.flush()
    return split


def _checked(shares: Mapping[str, float]) -> dict[str, float]:
    known = {side: float(shares.get(side, 0)) for side in Side}
    if set(shares) - set(known) or min(known.values()) < 0 or not math.isclose(sum(known.values()), 1, abs_tol=1e-6):
        raise RequestInvalid(f"`shares` of {', '.join(Side)} are numbers that make 1.", param="shares")
    return {str(side): share for side, share in known.items()}


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Split]:
    return datasets.get_part(session, tenant, Split, ids.SPLIT, public_id, SplitNotFound)


def count_again(session: Session, split: Split) -> None:
    query = select(SplitItem.side, func.count()).where(SplitItem.split_id == split.id).group_by(SplitItem.side)
    split.counts = dict.fromkeys(map(str, Side), 0) | {side: many for side, many in session.execute(query)}


def items_page(session: Session, split: Split, side: Side, after: int, limit: int) -> Page[int]:
    """The numbers of the items on a side, in order."""
    query = select(SplitItem.item).where(SplitItem.split_id == split.id, SplitItem.side == side, SplitItem.item > after)
    return page_of(session.scalars(query.order_by(SplitItem.item).limit(limit + 1)).all(), limit)


def move(session: Session, split: Split, items: Sequence[int], side: Side) -> int:
    """Put items on a side by hand; returns how many were on another."""
    check_made(split)
    if len(items) > MOST_MOVED:
        raise RequestInvalid(f"At most {MOST_MOVED:,} items are moved at once.", param="items")
    # Who moves others at the same time counts after us.
    session.refresh(split, with_for_update=True)
    own = (SplitItem.split_id == split.id, SplitItem.item.in_(items))
    known = set(session.scalars(select(SplitItem.item).where(*own)))
    missing = sorted(set(items) - known)
    if missing:
        raise RequestInvalid(f"The split has no item {missing[0]}.", param="items")
    moved = update(SplitItem).where(*own, SplitItem.side != side).values(side=side).returning(SplitItem.item)
    many = len(session.scalars(moved).all())
    count_again(session, split)
    return many


def check(session: Session, split: Split) -> None:
    """Raise what is wrong with it, should items that belong together be on different sides."""
    check_made(split)
    found: dict[int, list[tuple[int, str]]] = {}
    for together, side, item in session.execute(LEAKS, {"split_id": split.id, "most": MOST_PAIRS}):
        found.setdefault(together, []).append((item, side))
    if found:
        raise SplitLeaks([(*first, *other) for first, *others in found.values() for other in others])


def check_made(split: Split) -> None:
    if split.status != SplitStatus.DONE:
        raise Conflict("The split is still being made.", code="invalid_status")

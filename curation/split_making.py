"""Making a split: what each item is compared by, a page in a transaction; then, in one more, the sides of all.

It may end anywhere, and whoever is told of it next goes on. Signatures are compared in a file: memory holds a few
numbers of each item.
"""

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import Row, delete, select, text
from sqlalchemy.orm import Session

from curation import resuming, splits
from curation.sides import Groups, choose_sides, kin_of
from curation.similarity import NUMBERS, Hashes, Signatures, alike, shingles, signature, template_of
from curation.wording import asked_of
from inference.pages import page_query
from schemas.database import OpenSession, copy_row, copy_rows
from schemas.states import Side, SplitStatus
from schemas.tables import Item, ItemSignature, Split
from schemas.tables.base import now

ROWS: Final = 1000
BYTES: Final = 8 * 1024**2
SAMPLED: Final = 500
READ_AT_ONCE: Final = 2000
# To compare millions of items takes minutes without a statement.
MAY_TAKE_LONG: Final = text("SET LOCAL idle_in_transaction_session_timeout = 0")

ITEMS: Final = "FROM items WHERE dataset_id = :dataset_id AND number > :after AND number <= :last"
READ_PAGE: Final = text(page_query("number, custom_id, request", ITEMS, order="number", sized="request"))
COPY_SIGNATURES: Final = "COPY item_signatures (split_id, item, minhash, kin) FROM STDIN"
COPY_SIDES: Final = "COPY split_items (split_id, item, together, side) FROM STDIN"


def run(open_session: OpenSession, split_id: UUID, *, rows: int = ROWS) -> bool:
    """Go on with it for a while; returns whether there is more to do."""
    with open_session() as session:
        split = resuming.taken(session, Split, split_id)
        if split is None:
            return False
        template = common_words(session, split)
    return resuming.page_by_page(open_session, lambda session: advance(session, split_id, template, rows=rows))


def common_words(session: Session, split: Split) -> Hashes:
    """What most of the items say alike, found in some of them from the first to the last."""
    step = max(1, split.items // SAMPLED)
    numbers = list(range(1, split.items + 1, step))
    query = select(Item.request).where(Item.dataset_id == split.dataset_id, Item.number.in_(numbers))
    found = session.scalars(query.execution_options(yield_per=1))
    return template_of([shingles(asked_of(orjson.loads(request))) for request in found])


def advance(session: Session, split_id: UUID, template: Hashes, *, rows: int = ROWS) -> bool:
    """Read a page, or, after the last, put all on their sides; returns whether there is more to do."""
    split = resuming.taken(session, Split, split_id)
    if split is None:
        return False
    split.advanced_at = now()
    wanted = {"dataset_id": split.dataset_id, "after": split.item, "last": split.items, "rows": rows, "bytes": BYTES}
    page = session.execute(READ_PAGE, wanted).all()
    if page:
        copy_rows(session, COPY_SIGNATURES, (_signature_row(split_id, row, template) for row in page))
        split.item = page[-1].number
        return True
    _put_on_sides(session, split)
    return False


def _signature_row(split_id: UUID, row: Row[Any], template: Hashes) -> bytes:
    request = orjson.loads(row.request)
    minhash = r"\x" + signature(asked_of(request), template).hex()
    kin = ",".join("NULL" if digest is None else str(digest) for digest in kin_of(row.custom_id, request))
    return copy_row(split_id, row.number, minhash, f"{{{kin}}}")


def _put_on_sides(session: Session, split: Split) -> None:
    session.execute(MAY_TAKE_LONG)
    numbers, firsts = _grouped(session, split)
    shares = {Side(name): share for name, share in split.shares.items()}
    sides = choose_sides(firsts, shares, split.seed)
    copy_rows(session, COPY_SIDES, _side_rows(split.id, numbers, firsts, sides))
    splits.count_again(session, split)
    session.execute(delete(ItemSignature).where(ItemSignature.split_id == split.id))
    sizes = np.bincount(firsts)
    split.groups, split.largest_group = len(sides), int(sizes.max())
    resuming.end(split, SplitStatus.DONE)


def _side_rows(
    split_id: UUID, numbers: Sequence[int], firsts: Sequence[int], sides: dict[int, Side]
) -> Iterator[bytes]:
    for number, first in zip(numbers, firsts, strict=True):
        yield copy_row(split_id, number, numbers[first], sides[first])


def _grouped(session: Session, split: Split) -> tuple[Sequence[int], Sequence[int]]:
    """The items' numbers, and of each the place of the first item of its group."""
    query = select(ItemSignature.item, ItemSignature.minhash, ItemSignature.kin)
    query = query.where(ItemSignature.split_id == split.id).order_by(ItemSignature.item)
    numbers: list[int] = []
    # The digests of each kind, of all items.
    kins: tuple[list[int | None], ...] = ([], [])
    # Of the items with words: where they stand among all.
    places: list[int] = []
    with tempfile.TemporaryFile() as file:
        for item, minhash, kin in session.execute(query.execution_options(yield_per=READ_AT_ONCE)):
            if minhash:
                places.append(len(numbers))
                file.write(minhash)
            numbers.append(item)
            for of_all, digest in zip(kins, kin, strict=True):
                of_all.append(digest)
        file.flush()
        groups = Groups(len(numbers))
        for of_all in kins:
            groups.join_kin(of_all)
        if places:
            signatures: Signatures = np.memmap(file, dtype=np.uint32, mode="r", shape=(len(places), NUMBERS))
            for one, other in alike(signatures, split.similarity):
                groups.join(places[one], places[other])
    return numbers, groups.all()

"""`/v1/datasets/{id}/splits` and `/v1/splits`: what to learn from, and what to be measured on."""

from typing import Any

from curation import datasets, splits
from curation.splits import SHARES, NewSplit
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role, Side
from schemas.wire.splits import (
    Split,
    SplitCheck,
    SplitCreate,
    SplitItemList,
    SplitItemQuery,
    SplitList,
    SplitMove,
    SplitMoved,
)
from tasks import dispatch
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("splits", __name__, "Items to learn from, and to be measured on.", writes=Role.CURATOR)


@blueprint.post("/datasets/<dataset_id>/splits")
@blueprint.arguments(SplitCreate)
@blueprint.response(200, Split)
def make_split(given: dict[str, Any], dataset_id: str) -> tables.Split:
    """Split the items of a dataset into train, search and test.

    Near-duplicates, one conversation's items, and custom_ids of one group stay on one side.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    wanted = NewSplit(given["name"], given["shares"] or SHARES, given["seed"], given["similarity"])
    split = splits.create(db.session(), dataset, caller().key_id, wanted)
    audit.note_of_dataset(Action.SPLIT_CREATED, ids.SPLIT, split, name=split.name)
    db.session.commit()
    dispatch.make_split(split.id)
    return split


@blueprint.get("/datasets/<dataset_id>/splits")
@blueprint.response(200, SplitList)
def list_splits(dataset_id: str) -> dict[str, Any]:
    """List the splits of a dataset, newest first."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return {"data": datasets.newest_first(db.session(), dataset, tables.Split)}


@blueprint.get("/splits/<split_id>")
@blueprint.response(200, Split)
def get_split(split_id: str) -> tables.Split:
    """Get a split with the counts of its sides."""
    return _split(split_id)


@blueprint.get("/splits/<split_id>/items")
@blueprint.arguments(SplitItemQuery, location="query")
@blueprint.response(200, SplitItemList)
def list_split_items(given: dict[str, Any], split_id: str) -> dict[str, Any]:
    """List the numbers of the items on a side. Go on with `after` set to the last of them."""
    page = splits.items_page(db.session(), _split(split_id), Side(given["side"]), given["after"], given["limit"])
    return {"data": page.items, "has_more": page.has_more}


@blueprint.post("/splits/<split_id>/moves")
@blueprint.arguments(SplitMove)
@blueprint.response(200, SplitMoved)
def move_items(given: dict[str, Any], split_id: str) -> dict[str, int]:
    """Put items on another side by hand."""
    split, side = _split(split_id), Side(given["side"])
    moved = splits.move(db.session(), split, given["items"], side)
    audit.note_of_dataset(Action.SPLIT_CHANGED, ids.SPLIT, split, moved=moved, to=side)
    db.session.commit()
    return {"moved": moved}


@blueprint.get("/splits/<split_id>/check")
@blueprint.response(200, SplitCheck)
def check_split(split_id: str) -> dict[str, Any]:
    """Check that nothing leaks: 409 `split_leaks` names pairs that belong together on different sides."""
    splits.check(db.session(), _split(split_id))
    return {}


def _split(split_id: str) -> tables.Split:
    return splits.get(db.session(), tenant(), split_id)[1]

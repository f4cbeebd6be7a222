"""The pages of splits: those of a dataset, and one with what leaks in it."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for

from curation import datasets, splits
from curation.splits import SHARES, NewSplit
from schemas import ids
from schemas.actions import Action
from schemas.errors import SplitLeaks
from schemas.limits import MOST_MOVED, SIMILARITY
from schemas.states import Role, Side, SplitStatus
from schemas.tables import Split
from tasks import dispatch
from webapi import audit
from webapi.database import db
from webapi.form_values import number, one_of, whole, wholes
from webapi.ui.guard import needs, tenant

blueprint = Blueprint("splits", __name__)


@blueprint.get("/datasets/<dataset_id>/splits")
def show_all(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    found = datasets.newest_first(db.session(), dataset, Split)
    return render_template(
        "ui/splits.html",
        dataset=dataset,
        splits=found,
        live=any(split.ended_at is None for split in found),
        shares=SHARES,
        similarity=SIMILARITY,
        seed=secrets.randbelow(1000),
    )


@blueprint.post("/datasets/<dataset_id>/splits")
@needs(Role.CURATOR)
def make(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    split = splits.create(db.session(), dataset, g.key.id, read_form(request.form))
    audit.note_of_dataset(Action.SPLIT_CREATED, ids.SPLIT, split, name=split.name)
    db.session.commit()
    dispatch.make_split(split.id)
    return redirect(url_for("splits.show_all", dataset_id=dataset_id))


def read_form(form: Mapping[str, str]) -> NewSplit:
    """Shares are in percent."""
    shares = {str(side): (number(form, side) or 0) / 100 for side in Side}
    return NewSplit(form.get("name", ""), shares, whole(form, "seed") or 0, number(form, "similarity") or 0)


@blueprint.get("/splits/<split_id>")
def show(split_id: str) -> str:
    dataset, split = splits.get(db.session(), tenant(), split_id)
    return render_template(
        "ui/split.html",
        dataset=dataset,
        split=split,
        pairs=leaking(split),
        sides=list(Side),
    )


def leaking(split: Split) -> list[tuple[int, str, int, str]]:
    """Pairs that belong together and are on different sides."""
    if split.status != SplitStatus.DONE:
        return []
    try:
        splits.check(db.session(), split)
    except SplitLeaks as leaks:
        return list(leaks.pairs)
    return []


@blueprint.post("/splits/<split_id>/move")
@needs(Role.CURATOR)
def move(split_id: str) -> Any:
    _, split = splits.get(db.session(), tenant(), split_id)
    items, side = wholes(request.form, "items", MOST_MOVED), one_of(Side, request.form, "side")
    moved = splits.move(db.session(), split, items, side)
    audit.note_of_dataset(Action.SPLIT_CHANGED, ids.SPLIT, split, moved=moved, to=side)
    db.session.commit()
    return redirect(url_for("splits.show", split_id=ids.show(ids.SPLIT, split.id)))

"""The pages of splits: those of a dataset, and one with what leaks in it."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for

from curation import datasets, splits
from curation.splits import LARGEST_SEED, SHARES, SIMILARITY, NewSplit
from schemas import ids
from schemas.actions import Action
from schemas.errors import RequestInvalid, SplitLeaks
from schemas.states import Role, Side, SplitStatus
from schemas.tables import Split
from tasks import dispatch
from webapi import audit
from webapi.database import db
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
    shares = {str(side): _number(form, side) / 100 for side in Side}
    seed = _number(form, "seed")
    if not 0 <= seed <= LARGEST_SEED:
        raise RequestInvalid(f"A seed is a whole number from 0 to {LARGEST_SEED}.", param="seed")
    return NewSplit(form.get("name", ""), shares, int(seed), _number(form, "similarity"))


def _number(form: Mapping[str, str], name: str) -> float:
    text = form.get(name, "").strip()
    try:
        return float(text or 0)
    except ValueError:
        raise RequestInvalid(f"'{text[:40]}' is no number.", param=name) from None


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
    side = _side(request.form.get("side", ""))
    moved = splits.move(db.session(), split, _items(request.form.get("items", "")), side)
    audit.note_of_dataset(Action.SPLIT_CHANGED, ids.SPLIT, split, moved=moved, to=side)
    db.session.commit()
    return redirect(url_for("splits.show", split_id=ids.show(ids.SPLIT, split.id)))


def _items(text: str) -> list[int]:
    found = text.replace(",", " ").split()
    if not found or not all(word.isascii() and word.isdecimal() and len(word) < 10 for word in found):
        raise RequestInvalid("Name items by their numbers, with commas between.", param="items")
    return [int(word) for word in found]


def _side(text: str) -> Side:
    if text not in list(Side):
        raise RequestInvalid(f"A side is one of {', '.join(Side)}.", param="side")
    return Side(text)

"""The first page: how far answers have come, what waits for whom, what runs, and who serves."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, g, render_template, request

from curation import datasets, funnel, queues, score_counts, under_way
from inference import batches
from inference.health import read_health
from schemas.states import Role
from schemas.tables import Batch
from webapi.database import db
from webapi.ui.batches import allowed
from webapi.ui.guard import tenant

blueprint = Blueprint("home", __name__)
RECENT: Final = 8
OFFERED: Final = 20


@blueprint.get("/")
def show() -> str:
    shown = latest_batches()
    progress = batches.progress(db.session(), shown)
    return render_template(
        "ui/home.html",
        health=read_health(),
        batches=shown,
        progress=progress,
        reviewable=next((batch for batch in shown if allowed(batch, progress[batch.id])["can_review"]), None),
        funnel=funnel.read(db.session(), tenant()),
        waiting=funnel.waiting(db.session(), tenant(), RECENT),
        my_queues=my_queues(),
        under_way=under_way.read(db.session(), tenant(), RECENT),
        **spread_shown(request.args.get("scores_of")),
    )


def latest_batches() -> Sequence[Batch]:
    """Those that run, then those that were made last."""
    live = batches.list_live(db.session(), tenant(), RECENT)
    latest = batches.list_page(db.session(), tenant(), None, RECENT).items
    return [*live, *(batch for batch in latest if batch not in live)][:RECENT]


def my_queues() -> Sequence[queues.Waiting]:
    """Queues with answers for whoever looks at the page."""
    if not Role(g.key.role).allows(Role.CURATOR):
        return []
    return queues.waiting(db.session(), tenant(), g.key.id, RECENT)


def spread_shown(dataset_id: str | None) -> dict[str, Any]:
    """The scores of the dataset that the address names, or of the newest that has any."""
    offered = score_counts.scored(db.session(), tenant(), OFFERED)
    chosen = datasets.get(db.session(), tenant(), dataset_id) if dataset_id else next(iter(offered), None)
    spread = score_counts.spread(db.session(), chosen) if chosen else []
    return {"offered": offered, "chosen": chosen, "spread": spread}

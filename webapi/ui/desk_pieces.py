"""Pieces of the page on which answers are reviewed one at a time, and what its script sends."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import render_template, request

from curation import examples, wanted
from curation.dataset_task import rendered
from curation.wanted import CHANGEABLE, Wanted
from schemas.errors import RequestInvalid
from schemas.tables import Dataset, Example, Queue
from webapi.database import db
from webapi.ui.review import messages_shown


def piece(example: Example, values: Mapping[str, Any], **more: Any) -> str:
    output, item = examples.texts(db.session(), [example.id])[example.id]
    shown = {
        "asked": messages_shown(item),
        "rendered": rendered(db.session(), db.session.get_one(Dataset, example.dataset_id), output.output),
    }
    return render_template("ui/desk_item.html", example=example, output=output, values=values, **shown, **more)


def end_piece(queue: Queue | None) -> str:
    return render_template("ui/desk_end.html", queue=queue)


def values_of(example: Example) -> dict[str, Any]:
    return {name: getattr(example, name) for name in CHANGEABLE}


def read_change() -> Wanted:
    """What is to be changed, as the API takes it: a form's own fields can't tell nothing from an empty text."""
    try:
        given = orjson.loads(request.form.get("change", ""))
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise RequestInvalid("A change is a JSON object.", param="change")
    return wanted.read(given)

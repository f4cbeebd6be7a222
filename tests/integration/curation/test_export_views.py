"""What an export keeps of its view is the view."""

from dataclasses import fields
from uuid import UUID

from curation.exports import life
from curation.exports.options import Options
from curation.views import Range, View
from schemas.database import session_scope
from schemas.ids import new_id
from schemas.states import ExampleStatus, Side
from schemas.tables import Export
from schemas.tables.base import now
from tests.integration.curation.answers import dataset_of


def test_every_filter_of_a_view_is_that_of_its_export(database_url: str, reviewer: UUID) -> None:
    view = View(
        status=ExampleStatus.NEEDS_REVIEW,
        gold=False,
        model="some-model",
        category="nursing",
        tag="fine",
        score_from=0.1,
        score_to=0.6,
        score_below=0.5,
        changed_since=now(),
        split=new_id(),
        side=Side.TEST,
        search="years",
        found=(new_id(), new_id()),
        fields={"verdict": "hire"},
        ranges={"years": Range(5, 10), "fit": Range(below=1)},
    )
    assert [one.name for one in fields(View) if getattr(view, one.name) == getattr(View(), one.name)] == []
    with session_scope() as session:
        made = dataset_of(session, some_model=['{"verdict": "hire", "years": 7, "fit": 0.5}'])
        begun = life.begin(session, made, reviewer, address={}, view=view, format_name="chat", options=Options()).id
    with session_scope() as session:
        assert life.filters_of(session.get_one(Export, begun)) == view

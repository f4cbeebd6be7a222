"""Runs of models on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.states import RunStatus
from schemas.wire.batches import RequestCounts
from schemas.wire.curation import LONGEST_VIEW_VALUE
from schemas.wire.fields import Kind, PublicId, Text, Timestamp, Whole

LONGEST_NAME = 512
MOST_STOPS = 4
LONGEST_STOP = 200
LARGEST_SEED = 2**53


class Parameters(ma.Schema):
    """What stands in place of the same in the items' own requests."""

    temperature = ma.fields.Float(validate=ma.validate.Range(0, 2))
    top_p = ma.fields.Float(validate=ma.validate.Range(0, 1, min_inclusive=False))
    max_tokens = Whole(strict=True, least=1)
    seed = ma.fields.Integer(strict=True, validate=ma.validate.Range(0, LARGEST_SEED))
    stop = ma.fields.List(Text(longest=LONGEST_STOP), validate=ma.validate.Length(1, MOST_STOPS))


class RunCreate(ma.Schema):
    models = ma.fields.List(Text(longest=LONGEST_NAME), required=True)
    parameters = ma.fields.Nested(Parameters, load_default=dict)
    completion_window = Text(load_default="7d", longest=16)
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), load_default=dict)


class Run(ma.Schema):
    """Shown from a run, its parts, its progress and how many of its answers are taken in. `items` is null for all."""

    id = PublicId(ids.RUN, attribute="run.id")
    object = Kind("run")
    dataset_id = PublicId(ids.DATASET, attribute="run.dataset_id")
    models = ma.fields.List(ma.fields.String(), attribute="run.models")
    parameters = ma.fields.Dict(attribute="run.parameters")
    completion_window = ma.fields.String(attribute="run.completion_window")
    view = ma.fields.Dict(attribute="run.view")
    items = ma.fields.Integer(attribute="run.items", allow_none=True)
    status = ma.fields.String(attribute="run.status", validate=ma.validate.OneOf([*RunStatus]))
    waits_for = ma.fields.String(attribute="run.waits_for", allow_none=True)
    request_counts = ma.fields.Nested(RequestCounts, attribute="progress", dump_only=True)
    taken_in = ma.fields.Integer()
    batch_ids = ma.fields.List(PublicId(ids.BATCH))
    problems = ma.fields.List(ma.fields.String())
    created_at = Timestamp(attribute="run.created_at")
    ended_at = Timestamp(attribute="run.ended_at", allow_none=True)


class RunList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Run))

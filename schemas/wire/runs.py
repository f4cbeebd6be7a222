"""Runs of models on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LARGEST_SEED, LONGEST_MODEL, LONGEST_VIEW_VALUE, MOST_TOKENS
from schemas.wire.batch_work import BatchWork
from schemas.wire.fields import Kind, PublicId, Text

MOST_STOPS = 4
LONGEST_STOP = 200


class Parameters(ma.Schema):
    """What stands in place of the same in the items' own requests."""

    temperature = ma.fields.Float(validate=ma.validate.Range(0, 2))
    top_p = ma.fields.Float(validate=ma.validate.Range(0, 1, min_inclusive=False))
    max_tokens = ma.fields.Integer(strict=True, validate=ma.validate.Range(1, MOST_TOKENS))
    seed = ma.fields.Integer(strict=True, validate=ma.validate.Range(0, LARGEST_SEED))
    stop = ma.fields.List(Text(longest=LONGEST_STOP), validate=ma.validate.Length(1, MOST_STOPS))


class RunCreate(ma.Schema):
    models = ma.fields.List(Text(longest=LONGEST_MODEL), required=True)
    parameters = ma.fields.Nested(Parameters, load_default=dict)
    completion_window = Text(load_default="7d", longest=16)
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), load_default=dict)


class Run(BatchWork):
    """`taken_in` of its answers are examples by now. `items` is null for all."""

    id = PublicId(ids.RUN, attribute="work.id")
    object = Kind("run")
    parameters = ma.fields.Dict(attribute="work.parameters")
    view = ma.fields.Dict(attribute="work.view")
    items = ma.fields.Integer(attribute="work.items", allow_none=True)
    taken_in = ma.fields.Integer()


class RunList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Run))
